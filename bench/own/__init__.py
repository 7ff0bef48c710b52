"""Benchmarks of the appliance alone: doors, large changes, imports, pages of the console, 10,000 zones."""
