"""A standalone authoritative-DNS appliance: the store says what should be served, the deployer makes it so."""

__version__ = "0.1.0"
