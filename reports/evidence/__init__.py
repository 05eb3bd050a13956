"""The evidence format: what a run leaves on disk, written as it happens, read by anybody later."""
