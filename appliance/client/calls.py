"""The calls of the API: paths, pages of lists, and errors as exceptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from appliance.client.transport import ApiRequest, ApiResponse, Carrier
from appliance.errors import CallRefused, NoAnswer

PAGE_SIZE = 1000
"""Items of a page: the most that the API returns at once."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


_UNNAMED = re.compile(r"\bno such ((?:deleted )?zone)\b")
"""How the API, which answers the same for every zone that a token cannot see, says that there is none."""
Body = Mapping[str, Any] | bytes | None


class ApiClient:
    """Calls the API of one appliance. `hindrance`: why no change becomes live at present, None if that is not known."""

    def __init__(self, carrier: Carrier, *, hindrance: str | None = None) -> None:
        self._carrier = carrier
        self.hindrance = hindrance

    def call(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiResponse:
        """Send a call; an object is sent as JSON, octets as `text/dns`. Raise CallRefused if the answer is an error."""
        sent = dict(headers or {})
        if isinstance(body, bytes):
            sent["Content-Type"] = "text/dns"
        elif body is not None:
            sent["Content-Type"], body = "application/json", json.dumps(body).encode()
        response = self._carrier.send(ApiRequest(method, path, query or {}, sent, body))
        if not 200 <= response.status < 300:
            raise _error_of(response)
        return response

    def call_zone(self, method: str, key: str, below: str = "", body: Body = None, **more: Any) -> ApiResponse:  # noqa: ANN401 - as `call` has it
        """Send a call about the zone of that uuid or domain, or about what is below it, such as `records/`.

        Of a zone that does not exist the error names it.
        """
        if not key.strip("."):  # it would change the path
            raise CallRefused(404, f"there is no zone {key!r}", "not_found")
        try:
            return self.call(method, zone_path(key, below), body, **more)
        except CallRefused as refused:
            detail = _UNNAMED.sub(lambda found: f"no {found[1]} {key}", refused.detail)
            raise CallRefused(refused.status, detail, refused.code, refused.field) from None

    def get_zone(self, key: str, below: str = "", query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of the zone of that uuid or domain, or of what is below it."""
        return self.call_zone("GET", key, below, query=query).document

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON at that path."""
        return self.call("GET", path, query=query).document

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, read in pages."""
        number, is_last = 1, False
        while not is_last:
            found = self.get(path, {**(query or {}), "page": str(number), "page_size": str(PAGE_SIZE)})
            yield from found
            number, is_last = number + 1, len(found) < PAGE_SIZE

    def etag_of_zone(self, key: str) -> str:
        """Return the ETag of the zone of that uuid or domain, without its records."""
        try:
            headers = self.call_zone("HEAD", key).headers
        except CallRefused:  # an answer to HEAD has no body, which would say why
            headers = self.call_zone("GET", key).headers
        if "ETag" not in headers:
            raise NoAnswer("the answer has no ETag: is this the address of an appliance?")
        return headers["ETag"]

    def find_zone(self, key: str) -> dict[str, Any]:
        """Return the zone of that uuid or domain; raise CallRefused with status 404 if there is none."""
        if is_uuid(key):
            return dict(self.get_zone(key))
        found: list[dict[str, Any]] = self.get("/dns-zones/", {"domain": key})
        if not found:
            raise CallRefused(404, f"there is no zone {key}", "not_found")
        return found[0]


def is_uuid(text: str) -> bool:
    """Return whether the text is a uuid, which names a zone or record in place of its domain or name."""
    return bool(_UUID.fullmatch(text))


def zone_path(key: str, below: str = "") -> str:
    """Return the path of the zone of that uuid or domain, or of what is below it, such as `records/`."""
    return f"/dns-zones/{quote(key.replace('/', '=2F'), safe='=')}/{below}"


def record_path(uuid: str) -> str:
    """Return the path of a record."""
    return f"/dns-records/{quote(uuid, safe='')}/"


def _error_of(response: ApiResponse) -> CallRefused:
    try:
        found = response.document
        detail, field = str(found["detail"]), found["field"]
        return CallRefused(response.status, detail.removeprefix(f"{field}: "), str(found["error_code"]), field)
    except (NoAnswer, TypeError, KeyError):
        target = response.headers.get("Location")
        what = f"it redirects to {target}: use that address" if target else "is this the address of an appliance?"
        return CallRefused(response.status, f"the answer has status {response.status} and is not of the API; {what}")
