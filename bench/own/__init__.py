"""Benchmarks of the appliance alone: doors, large changes, imports, pages of the console, many zones, signed ones."""
