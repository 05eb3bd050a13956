"""Many runs of one experiment, judged together: how much they vary, and whether that differs from a baseline."""
