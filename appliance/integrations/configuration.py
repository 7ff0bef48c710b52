"""The configuration of a client, filled in with where the appliance is, its zone and its credential. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined

from appliance.addresses import Endpoint
from appliance.integrations.client_preset import ClientPreset, Snippet

_ENVIRONMENT = Environment(
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - plain text, which pages escape as a whole
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters["quoted"] = shlex.quote
_PORTS = {"http": 80, "https": 443}
ANY_HOST = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
"""Hosts of a listener on every address, at which nobody connects."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where clients reach the appliance: the URL of its API, without a path, and the listener for DNS UPDATE, if any.

    `update_address` is an IP address for clients that take no host name, "" for the host of `update`.
    """

    url: str
    update: Endpoint | None = None
    update_address: str = ""

    def names(self) -> dict[str, object]:
        """Return what snippets call the parts of the location."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        of_url = {
            "url": self.url.rstrip("/"),
            "scheme": parts.scheme,
            "authority": parts.netloc,
            "host": host,
            "port": parts.port or _PORTS.get(parts.scheme, 443),
        }
        if self.update is None:
            return of_url
        listener = host if self.update.host in ANY_HOST else self.update.host
        return of_url | {
            "update_host": listener,
            "update_port": self.update.port,
            "update_address": self.update_address or listener,
        }


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client authenticates with: the uuid of its token, as its user name, and the secret of the token.

    `domains` are the names that the client is for. `key_secret` is that of the TSIG key, "" if it has none. `account`
    is the JSON that clients of acme-dns keep, "" for others.
    """

    user: str
    secret: str
    zone: str
    domains: tuple[str, ...]
    email: str
    key_secret: str = ""
    account: str = ""

    def names(self) -> dict[str, object]:
        """Return what snippets call the parts of the credential."""
        quoted = [f'"{domain}"' for domain in self.domains]
        return {
            "user": self.user,
            "secret": self.secret,
            "zone": self.zone,
            "domains": self.domains,
            "hosts": quoted[0] if len(quoted) == 1 else f"{{ {', '.join(quoted)} }}",
            "email": self.email,
            "key_name": self.user,
            "key_secret": self.key_secret,
            "account": self.account,
        }


def configure(preset: ClientPreset, location: Location, credential: Credential) -> Sequence[Snippet]:
    """Return the snippets of the preset as they are pasted."""
    names = location.names() | credential.names()
    return [Snippet(snippet.file, _ENVIRONMENT.from_string(snippet.text).render(names)) for snippet in preset.snippets]
