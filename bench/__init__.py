"""Benchmarks: they measure and print, and never judge. Run them with `make bench`."""
