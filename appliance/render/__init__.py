"""Zone files and named.conf as bytes. Pure: this package must not know a clock, file, socket or process."""
