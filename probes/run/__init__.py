"""One run, from its beginning to its verdict: what the control does behind the hooks of Chaos Toolkit."""
