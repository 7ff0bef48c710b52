"""Zones that a secondary serves signed, and that this primary has lost, or never had.

After a restore onto an empty host, or the promotion of another one, the store may be older than the signing of a zone,
and its keys may be missing. Resolvers may have the DS: the zone must be published signed with these keys, or not yet.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.errors import KeysMissing
from appliance.queries.bulk import query_all
from appliance.queries.zone_signatures import ServedKey, ServedZone, query_signatures
from appliance.zones.signing import SigningKey

TIMEOUT = 0.5
"""Seconds to wait for a secondary before it is queried once more. One that is silent does not hold up a recovery."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""In place of the creation of a key that named has not shown yet."""
BACKDATED = timedelta(hours=1)
"""How long before its creation named lets a signature begin."""


def served_signed(names: Collection[Name], host: PrimaryHost) -> dict[Name, ServedZone]:
    """Return what a secondary serves of those zones that one serves with a content number."""
    queries = [(server, name) for name in names for server in host.secondaries]
    answers = query_all(queries, timeout=TIMEOUT, retries=1, signed=frozenset(names)) if queries else {}
    signed = {name: server for (server, name), answer in answers.items() if answer and answer.serial is not None}
    return {name: query_signatures(server, name) for name, server in signed.items()}


def is_signed_since(served: ServedZone, moment: datetime) -> bool:
    """Return True unless what a secondary serves was signed before that moment."""
    if not served.is_answered:
        return True
    return served.signed_from is not None and served.signed_from + BACKDATED > moment


def keys_of(served: ServedZone) -> list[SigningKey]:
    """Return the keys with which a secondary serves a zone; raise KeysMissing if it does not answer with them."""
    if not served.keys:
        raise KeysMissing("a secondary serves the zone signed, and did not answer with its DNSSEC keys")
    return [new_key(key) for key in served.keys]


def new_key(key: ServedKey) -> SigningKey:
    """Return a key that is served and was not known; named shows later when it was created."""
    return SigningKey(key.tag, key.algorithm, key.flags, key.public_key, EPOCH)
