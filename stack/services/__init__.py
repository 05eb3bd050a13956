"""The services of the demo stack, each started as `python -m services.NAME` from the folder above."""
