"""Zones: names, record data, validity rules, serials, changes.

Pure functions of text and values. This package must not know a clock, file, socket, process, database or HTTP.
"""
