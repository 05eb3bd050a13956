"""Takes orders and stores them in the broker."""
