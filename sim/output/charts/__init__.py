"""Charts, each a function from a result to a matplotlib Figure of our own; nothing goes through pyplot."""
