"""The protocols at whose doors tokens are used, by the keys of their settings in [doors], and the API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROTOCOLS: Mapping[str, str] = MappingProxyType(
    {
        "api": "API",
        "powerdns": "PowerDNS API",
        "httpreq": "httpreq",
        "dyndns2": "dyndns2",
        "acme_dns": "acme-dns",
        "external_dns": "external-dns webhook",
        "update": "DNS UPDATE",
    }
)
"""The title of each protocol."""
PATHS: Mapping[str, str] = MappingProxyType(
    {
        "api": "/api/v1/",
        "powerdns": "",
        "httpreq": "/httpreq",
        "dyndns2": "/nic/update",
        "acme_dns": "/acme-dns",
        "external_dns": "/external-dns",
    }
)
"""What the URL of each protocol over HTTP ends in, as programs are configured; those of PowerDNS add the path."""
