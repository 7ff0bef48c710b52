"""What clients of other protocols need: the doors by name.

protocols  the doors by their keys
"""
