"""Zone -> bytes: zone files and parts of named.conf. Pure: no clock, file, socket or process."""
