"""Benchmarks: they measure and print, and never judge. `make bench`."""
