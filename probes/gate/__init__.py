"""The gate: experiments as tests of pytest, with one verdict over the whole suite.

`plugin` is loaded into every pytest run of the environment, so it imports nothing heavy; the rest is imported when
there is an experiment to run.
"""
