"""Measurements of speed, side by side with plain SimPy and plain imports; run with `python -m benchmarks`."""
