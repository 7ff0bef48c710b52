"""dyndns2: the protocol in which routers and their like report their own addresses."""

from appliance.doors.dyndns2.views import DOOR

__all__ = ["DOOR"]
