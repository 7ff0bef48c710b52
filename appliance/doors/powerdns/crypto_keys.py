"""The keys of a signed zone, which the door lists and does not write; no private key is in it."""

from __future__ import annotations

from typing import Any

from dns.dnssectypes import Algorithm

from appliance.zones.model import Zone
from appliance.zones.signing import SHA_256, SHA_384, Ds, Signing, SigningKey

JSON = dict[str, Any]
BITS = 256
"""Of a key of the policy, which uses the curve P-256."""


def key_documents(zone: Zone, known: Signing | None) -> list[JSON]:
    """Return the keys of a zone, `known` is None if it was never signed; the id of a key is its tag."""
    return [_document(zone, key) for key in (known.keys if known else ())]


def _document(zone: Zone, key: SigningKey) -> JSON:
    return {
        "active": key.is_wanted,
        "algorithm": Algorithm.to_text(key.algorithm),
        "bits": BITS,
        "dnskey": key.dnskey_text(),
        "ds": [_rdata(key.ds_of(zone.name, digest)) for digest in (SHA_256, SHA_384)],
        "flags": key.flags,
        "id": key.tag,
        "keytype": "csk",
        "published": True,
        "type": "Cryptokey",
    }


def _rdata(ds: Ds) -> str:
    return f"{ds.key_tag} {ds.algorithm} {ds.digest_type} {ds.digest}"
