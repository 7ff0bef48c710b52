"""A client of the HTTP API of the appliance (docs/api.md of its repository).

The packages that need it have a link to this file, so each can be installed alone. It depends on requests only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util.retry import Retry

PAGE = 1000
CONNECT, READ = 10.0, 60.0
"""Seconds to wait for a connection, and for an answer, besides the time that the call asks the appliance to wait."""
POLL = 0.5
"""Seconds between two readings of a deployment."""
UNREACHABLE_GRACE = 10
"""Seconds to wait if all nameservers that are missing are unreachable."""

UNAUTHORIZED = "the appliance does not accept this token: it is unknown, revoked, expired, or not for this address"


class ApiError(Exception):
    """A call that failed. `status` is that of the response, 0 if there was none; `code` is its `error_code`."""

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.status = status
        self.code = code
        self.field = field


@dataclass(frozen=True)
class Answer:
    """The body of a response, None if it has none, and its headers.

    `live` says whether every nameserver was seen serving the change within the time that the call may wait.
    """

    document: Any
    headers: Mapping[str, str]
    live: bool = False


class Bearer(AuthBase):
    """The token as the authorization of a request. A header alone would be replaced by a login in ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Api:
    """Calls of one appliance with one token.

    A call that finds no connection, or is answered with 429 or 503, is repeated up to four times. A repeated POST
    is done once only, by its Idempotency-Key.
    """

    def __init__(
        self,
        url: str,
        token: str,
        agent: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the URL with or without /api/v1. Raise ValueError if URL or token cannot be right."""
        self._base, self._clock, self._sleep = base_of(url), clock, sleep
        self._session = requests.Session()
        self._session.auth = Bearer(checked(token))
        self._session.headers["User-Agent"] = agent
        retry = Retry(
            total=4,
            other=0,  # such as a certificate that is not valid
            backoff_factor=0.5,
            status_forcelist=(429, 503),
            allowed_methods=None,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def get(self, path: str, **params: str | int) -> Answer:
        """Return the answer to a GET. Raise ApiError."""
        return self._call("GET", path, params=params)

    def post(
        self, path: str, body: Mapping[str, Any], *, wait: int = 0, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a POST, which waits up to `wait` seconds for the nameservers. Raise ApiError."""
        return self._call(
            "POST", path, body=body, wait=wait, headers={"Idempotency-Key": str(uuid4()), **(headers or {})}
        )

    def patch(self, path: str, body: Mapping[str, Any], *, wait: int = 0) -> Answer:
        """Return the answer to a PATCH, which waits up to `wait` seconds for the nameservers. Raise ApiError."""
        return self._call("PATCH", path, body=body, wait=wait)

    def delete(self, path: str, *, wait: int = 0) -> Answer:
        """Return the answer to a DELETE, which waits up to `wait` seconds for the nameservers. Raise ApiError."""
        return self._call("DELETE", path, wait=wait)

    def listed(self, path: str, **params: str | int) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, of all its pages. Raise ApiError."""
        for page in count(1):
            items = self.get(path, **params, page=page, page_size=PAGE).document
            yield from items
            if len(items) < PAGE:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        wait: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        try:
            response = self._session.request(
                method,
                f"{self._base}/{path}",
                params=params,
                json=body,
                headers={**(headers or {}), **({"Prefer": f"wait={wait}"} if wait else {})},
                timeout=(CONNECT, READ + wait),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ApiError(0, "unreachable", f"no answer from {self._base}: {error}") from error
        answer = read(response)
        if not wait or answer.document is None or "Preference-Applied" in answer.headers:
            return answer
        try:
            return replace(answer, live=self._becomes_live(zone_of(path, answer.document), wait))
        except ApiError:
            return answer  # the change is stored, whatever can be read of it

    def _becomes_live(self, zone: str, wait: int) -> bool:
        """Wait in place of the appliance, at which only some calls may wait at a time. Return whether it is served.

        Like the appliance, wait shorter for nameservers that are unreachable.
        """
        start = self._clock()
        while (deployment := self.get(f"dns-zones/{zone}/deployment/").document)["state"] != "live":
            is_reachable = any(each["state"] == "lagging" for each in deployment["nameservers"])
            if self._clock() - start >= (wait if is_reachable else min(wait, UNREACHABLE_GRACE)):
                return False
            self._sleep(POLL)
        return True


def base_of(url: str) -> str:
    """Return the URL of version 1 of the API. Raise ValueError for what is not an HTTP URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"url: {url!r} is not the URL of an appliance, such as https://dns.example.net")
    return url.rstrip("/").removesuffix("/api/v1").rstrip("/") + "/api/v1"


def checked(token: str) -> str:
    """Return the token without surrounding space. Raise ValueError, without the token, if it cannot be one."""
    token = token.strip()
    if not (token.startswith("vps_") and token.isascii() and token.isprintable() and " " not in token):
        raise ValueError("token: this is not a token of the appliance, which begins with vps_")
    return token


def zone_path(domain: str) -> str:
    """Return the path of the zone of a domain, with or without its final dot."""
    return f"dns-zones/{quote(domain.rstrip('.').replace('/', '=2F'), safe='=')}/"


def zone_of(path: str, document: Mapping[str, Any]) -> str:
    """Return the zone that a write to this path changed: an object of it, itself, or the one in the path."""
    return str(document.get("zone") or document.get("uuid") or path.split("/")[1])


def read(response: requests.Response) -> Answer:
    """Return what a response says. Raise ApiError for an error, a redirect, and what is not JSON."""
    if response.is_redirect:
        raise ApiError(
            response.status_code, "redirect", f"the appliance is at {response.headers['Location']}: use that URL"
        )
    try:
        document = response.json() if response.content else None
    except requests.JSONDecodeError:
        raise ApiError(
            response.status_code, "not_json", f"{response.url} answers {response.status_code}, but not as the API does"
        ) from None
    if response.ok:
        return Answer(document, response.headers, response.headers.get("X-Deployment") == "live")
    if not isinstance(document, dict):
        document = {}
    if response.status_code == 401:
        raise ApiError(401, "invalid_token", UNAUTHORIZED)
    raise ApiError(
        response.status_code,
        document.get("error_code", "unknown"),
        document.get("detail", f"{response.url} answers {response.status_code}"),
        document.get("field"),
    )
