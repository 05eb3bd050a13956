"""What an experiment breaks: Docker, processes on this machine, or (for unit tests) memory."""
