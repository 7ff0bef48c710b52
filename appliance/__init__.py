"""A standalone authoritative-DNS appliance: the store holds the zones, the deployer publishes them."""

__version__ = "0.1.0"
