"""acme-dns: the protocol in which ACME clients update the challenges of one name."""

from appliance.doors.acme_dns.views import DOOR

__all__ = ["DOOR"]
