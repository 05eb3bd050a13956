"""The web shop: the page, its JSON API, and the circuit breakers with their fallbacks."""
