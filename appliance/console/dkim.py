"""The text of a DKIM key record from the fields of its form, checked, and the fields of such a text.

Sources: RFC 6376 sections 3.2 and 3.6.1 (tags), RFC 8301 (RSA of 1024 bits or more), RFC 8463 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from appliance.console.pasted import join_strings, unwrap
from appliance.errors import InputError

REVOKE = "revoke"
PURPOSES = {"": "Publish the key", REVOKE: "Revoke the key"}
"""What the record is for: values of the field `purpose`, and the label of each."""
REVOKED = "v=DKIM1; p="
"""The record of a revoked key: an empty `p` (RFC 6376 section 3.6.1)."""
MIN_RSA_BITS = 1024
_FIELD = "part_key"
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_IS_RECORD = re.compile(r"\s*[A-Za-z][A-Za-z0-9_]*\s*=\s*[^=\s]|[^;]*;")
_PEM_LINE = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]+)-----")
_SEQUENCE, _INTEGER, _BITS = 0x30, 0x02, 0x03
_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What precedes the 32 octets of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410)."""


def join_dkim(values: Mapping[str, str]) -> str:
    """Return the record of the key, or of a revoked key; raise InputError unless the key is a public key.

    `key` is base64, PEM, the record, or what opendkim-genkey prints for a zone file, of the owner `name` in `zone`.
    """
    purpose = values.get("purpose", "")
    if purpose not in PURPOSES:
        raise InputError("choose one of the options", "part_purpose")
    if purpose == REVOKE:
        return REVOKED
    text = values["key"].strip()
    if text.startswith('"'):
        text = join_strings(text)
    tags = _tags(unwrap(text, values.get("name", "@"), values.get("zone", "")) or text)
    kind, tags["p"] = _check_key(tags.get("p", ""))
    if tags.get("k", "rsa") != kind:
        raise InputError(f"the record says k={tags.get('k', 'rsa')}, but the type of its key is {kind}", _FIELD)
    return "; ".join(f"{name}={text}" for name, text in tags.items())


def split_dkim(value: str) -> Mapping[str, str]:
    """Return the fields of a record: the whole record as its key, so that its other tags are kept."""
    return {"purpose": REVOKE, "key": ""} if value == REVOKED else {"purpose": "", "key": value}


def _tags(text: str) -> dict[str, str]:
    """Return the tags of a record, in their order, or those of a record for a key alone."""
    if _PEM_LINE.search(text) or not _IS_RECORD.match(text):
        return {"v": "DKIM1", "k": _check_key(text)[0], "p": text}
    tags = {"v": "DKIM1"}
    for part in filter(str.strip, text.split(";")):
        name, equals, value = (one.strip() for one in part.partition("="))
        if not equals or not _TAG.fullmatch(name) or (name in tags and (name, value) != ("v", "DKIM1")):
            raise InputError(f"{part.strip()!r} is not a tag of a DKIM record, or appears twice", _FIELD)
        tags[name] = value
    return tags


def _check_key(text: str) -> tuple[str, str]:
    """Return kind and base64 of a public key in base64 or PEM; raise InputError unless it is one."""
    if not text:
        raise InputError("the public key is missing: paste it, or choose “Revoke the key”", _FIELD)
    if any("PRIVATE" in found[2] for found in _PEM_LINE.finditer(text)):
        raise _private_key()
    try:
        der = base64.b64decode("".join(_PEM_LINE.sub("", text).split()), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("the key is not valid base64: paste the whole public key", _FIELD) from None
    der = der.removeprefix(_ED25519)
    if len(der) != 32:
        _check_rsa(der)
    return "ed25519" if len(der) == 32 else "rsa", base64.b64encode(der).decode()


def _check_rsa(der: bytes) -> None:
    """Raise InputError unless this is an RSA public key: a SubjectPublicKeyInfo, or an RSAPublicKey alone."""
    try:
        body = _element(der, _SEQUENCE)[0]
        if body[:1] == bytes([_SEQUENCE]):
            bits = _element(_element(body, _SEQUENCE)[1], _BITS)[0]
            body = _element(bits[1:], _SEQUENCE)[0]
        modulus, rest = _element(body, _INTEGER)
        exponent = _element(rest, _INTEGER)[0] if modulus.strip(b"\0") else b""
    except ValueError:
        raise InputError("this is not an RSA or Ed25519 public key: paste the whole public key", _FIELD) from None
    if not exponent:  # a private key begins with its version, 0
        raise _private_key()
    size = int.from_bytes(modulus).bit_length()
    if size < MIN_RSA_BITS:
        raise InputError(f"the RSA key has {size} bits; verifiers ignore keys below {MIN_RSA_BITS} bits", _FIELD)


def _private_key() -> InputError:
    return InputError("this is a private key, which must stay secret: paste the public key", _FIELD)


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first DER element and what follows it; raise ValueError if it has another tag."""
    size, at = data[1] if len(data) > 1 else 0, 2
    if size > 0x7F:
        at += size & 0x7F
        size = int.from_bytes(data[2:at])
    if data[:1] != bytes([tag]) or len(data) < at + size:
        raise ValueError(f"no element {tag}")
    return data[at : at + size], data[at + size :]
