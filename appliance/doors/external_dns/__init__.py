"""The webhook of external-dns, which keeps the records of a Kubernetes cluster."""

from appliance.doors.external_dns.views import DOOR

__all__ = ["DOOR"]
