"""Zone files and named.conf as bytes. Pure: this room must not know a clock, file, socket or process."""
