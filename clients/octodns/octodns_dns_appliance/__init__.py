"""An octoDNS provider for dns-appliance: a plan is one call, applied as a whole or not at all."""

from octodns_dns_appliance.provider import DnsApplianceProvider

__all__ = ["DnsApplianceProvider"]
