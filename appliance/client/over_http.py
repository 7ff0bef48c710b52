"""The transport to a remote appliance: HTTP through urllib3, with TLS verified, time limits and safe repetitions.

A call is repeated if it did not reach the appliance, if it was refused with 429 or 503, which change nothing, and, if
its answer was lost, when that is safe: a GET, and a POST, which has an Idempotency-Key. No redirect is followed, since
the token would go with it.
"""

from __future__ import annotations

import ipaddress
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode
from uuid import uuid4

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    MaxRetryError,
    NewConnectionError,
    ProxySchemeUnknown,
    SSLError,
)
from urllib3.util import Retry, Timeout, Url, make_headers, parse_url

from appliance.client.transport import ApiRequest, ApiResponse
from appliance.errors import NoAnswer, SettingsError

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
"""Longer than the longest wait for a deployment."""
REPETITIONS = 3
MAX_RETRY_AFTER = 60
"""Seconds: the longest pause that the appliance may request."""
_REPEATABLE = frozenset({"GET", "HEAD", "POST"})


class HttpCarrier:
    """Sends calls to the appliance at `url`; `http://` is only for loopback, unless `allow_http`."""

    def __init__(self, url: str, token: str, *, ca_file: Path | None = None, allow_http: bool = False) -> None:
        self._base = base_of(url, allow_http=allow_http)
        self._token = token
        self._pool = _pool_for(self._base, ca_file)

    def send(self, request: ApiRequest) -> ApiResponse:
        """Return the answer to a call, whatever its status; raise NoAnswer if there is none."""
        target = f"{self._base}{request.path}" + (f"?{urlencode(request.query)}" if request.query else "")
        headers = {**request.headers, "Authorization": f"Bearer {self._token}", "User-Agent": "dns-appliance"}
        if request.method == "POST":
            headers["Idempotency-Key"] = str(uuid4())
        try:
            response = self._pool.request(
                request.method, target, body=request.body, headers=headers, retries=_retries(request), redirect=False
            )
        except HTTPError as error:
            raise self._no_answer(request, error) from None
        return ApiResponse(response.status, response.headers, response.data)

    def _no_answer(self, request: ApiRequest, error: HTTPError) -> NoAnswer:
        reason = (error.reason if isinstance(error, MaxRetryError) else None) or error
        if isinstance(reason, SSLError):
            return NoAnswer(
                f"{self._base} is not trusted: {_text(reason)}; name the certificate of its authority with --ca-file"
            )
        if isinstance(reason, NewConnectionError | ConnectTimeoutError):
            return NoAnswer(f"{self._base} cannot be reached: {_text(reason)}")
        unknown = "" if request.method in _REPEATABLE else "; whether it was done is unknown: check before repeating it"
        return NoAnswer(f"no answer from {self._base}: {_text(reason)}{unknown}")


def base_of(url: str, *, allow_http: bool = False) -> str:
    """Return the address of the API of the appliance at `url`; raise SettingsError if the URL is not usable.

    The path may be that of the API or absent; user and password are refused, since a token is used.
    """
    try:
        parsed = parse_url(url)
    except LocationParseError:
        raise SettingsError(f"{url!r} is not a URL such as https://dns.example.net") from None
    if parsed.auth:
        raise SettingsError(f"the URL of {parsed.host} has a user or password: leave them out, since a token is used")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise SettingsError(f"{url!r} is not a URL such as https://dns.example.net")
    if parsed.scheme == "http" and not allow_http and not _is_loopback(parsed.host):
        raise SettingsError(
            f"{url} would send the token unencrypted: use https://, a tunnel to this machine, or --allow-http"
        )
    path = (parsed.path or "").rstrip("/").removesuffix("/api/v1")
    return Url(parsed.scheme, None, parsed.host, parsed.port, f"{path}/api/v1").url


def _pool_for(base: str, ca_file: Path | None) -> urllib3.PoolManager:
    """Return a pool that trusts this system's authorities, or the one of the file; through the environment's proxy."""
    if ca_file is not None and not ca_file.is_file():
        raise SettingsError(f"there is no file {ca_file} with the certificate of an authority")
    timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    options: dict[str, Any] = {"timeout": timeout} | ({"ca_certs": str(ca_file)} if ca_file else {})
    parsed = parse_url(base)
    proxy = _proxy_for(str(parsed.scheme), str(parsed.host), urllib.request.getproxies())
    return _proxy_pool(proxy, options) if proxy else urllib3.PoolManager(**options)


def _proxy_pool(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    """Return a pool that uses the proxy, with the user and password of its URL; raise SettingsError if it cannot."""
    try:
        parsed = parse_url(proxy if "://" in proxy else f"http://{proxy}")
        headers = make_headers(proxy_basic_auth=unquote(parsed.auth)) if parsed.auth else None
        return urllib3.ProxyManager(parsed._replace(auth=None).url, proxy_headers=headers, **options)
    except (LocationParseError, ProxySchemeUnknown):
        raise SettingsError(
            "the proxy of this environment (https_proxy, http_proxy) is not an http:// or https:// URL: correct it, or "
            "name the appliance's host in no_proxy"
        ) from None


def _proxy_for(scheme: str, host: str, proxies: Mapping[str, str]) -> str | None:
    return None if _is_loopback(host) or urllib.request.proxy_bypass(host) else proxies.get(scheme)


def _retries(request: ApiRequest) -> Retry:
    return Retry(
        total=None,
        connect=1,
        read=REPETITIONS if request.method in _REPEATABLE else False,
        other=0,
        redirect=False,
        status=REPETITIONS,
        status_forcelist=(429, 503),
        allowed_methods=None,
        backoff_factor=0.2,
        raise_on_status=False,
        retry_after_max=MAX_RETRY_AFTER,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _text(error: BaseException) -> str:
    """Return why a connection failed, without the names of urllib3's own objects."""
    return str(error.args[-1] if error.args else error).rpartition(": ")[2] or type(error).__name__
