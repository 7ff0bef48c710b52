"""What proves that a nameserver serves the content of the store: its answers, differences, and whole zones."""
