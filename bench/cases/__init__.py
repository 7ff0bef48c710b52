"""The cases: each yields series of measurements of both systems."""
