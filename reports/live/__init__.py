"""The report while the run goes on: a page on loopback, made of the evidence so far. Reads files only."""
