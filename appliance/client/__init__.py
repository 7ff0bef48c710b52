"""A client of the public API: calls return JSON or raise errors, over HTTP or any other transport.

    calls           paths, pages of lists, errors as exceptions
    transport       what carries a call: a request and its response
    over_http       the transport to a remote appliance: TLS, time limits, repetitions
    token_file      where a token is found, and who may read its file

It imports nothing of the appliance but its errors, so that the command line starts fast.
"""

from appliance.client.calls import ApiClient, is_uuid, record_path
from appliance.client.transport import ApiRequest, ApiResponse, Carrier

__all__ = ["ApiClient", "ApiRequest", "ApiResponse", "Carrier", "is_uuid", "record_path"]
