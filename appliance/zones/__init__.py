"""What a zone is and when it is right: names, record data, rules, serials, changes.

Pure: text and values in, values out. It knows no clock, file, socket, process, database or HTTP.
"""
