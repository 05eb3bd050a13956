"""Evidence in, verdict and report out. Reads files only; knows no target and no service."""
