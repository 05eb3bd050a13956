"""What `chaos demo` tells its presenter, and how it leads the run. Light: no room of ours is imported here."""
