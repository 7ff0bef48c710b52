"""httpreq: the protocol in which lego requests the TXT record of an ACME challenge."""

from appliance.doors.httpreq.views import DOOR

__all__ = ["DOOR"]
