"""What can be done with the evidence of runs once they are over."""
