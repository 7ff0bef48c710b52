"""The keys of a signed zone, which the door lists and does not write; no private key is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dns.dnssectypes import Algorithm

from appliance.zones.model import Zone
from appliance.zones.signing import SHA_256, SHA_384, Ds, Signing, SigningKey
from appliance.zones.signing_outlook import ds_to_publish, in_use

JSON = dict[str, Any]
BITS = 256
"""Of a key of the policy, which uses the curve P-256."""


def key_documents(zone: Zone, known: Signing | None, now: datetime) -> list[JSON]:
    """Return the keys that sign a zone, `known` is None if it was never signed; the id of a key is its tag.

    A key has its DS as soon as the parent zone may have it.
    """
    if known is None:
        return []
    wanted = {ds.key_tag for ds in ds_to_publish(known, zone.name, now)}
    return [_document(zone, key, has_ds=key.tag in wanted) for key in in_use(known).keys]


def _document(zone: Zone, key: SigningKey, *, has_ds: bool) -> JSON:
    return {
        "active": key.is_wanted,
        "algorithm": Algorithm.to_text(key.algorithm),
        "bits": BITS,
        "dnskey": key.dnskey_text(),
        "ds": [_rdata(key.ds_of(zone.name, digest)) for digest in (SHA_256, SHA_384) if has_ds],
        "flags": key.flags,
        "id": key.tag,
        "keytype": "csk",
        "published": True,
        "type": "Cryptokey",
    }


def _rdata(ds: Ds) -> str:
    return f"{ds.key_tag} {ds.algorithm} {ds.digest_type} {ds.digest}"
