"""The webhook of external-dns, which manages the records of a Kubernetes cluster."""

from appliance.doors.external_dns.views import DOOR

__all__ = ["DOOR"]
