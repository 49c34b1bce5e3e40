"""Measurements of speed, side by side with SimPy, other tools and plain C; run with `python -m benchmarks`."""
