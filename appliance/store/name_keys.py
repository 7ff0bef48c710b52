"""Index keys of names: all names below a name are one contiguous range.

A key has the labels in reverse order, each followed by a dot: `www.dev` becomes `dev.www.`. Printed
labels contain no dots.
"""

from __future__ import annotations

from dns.name import Name

from appliance.zones.hashed_name import HashedName
from appliance.zones.labels import print_labels, read_label


def owner_key(owner: Name, origin: Name) -> str:
    """Return the key of an owner within its zone; that of the apex is empty."""
    return _key(owner.labels[: -len(origin.labels)])


def domain_key(name: Name) -> str:
    """Return the key of a zone's name among all zones."""
    return _key(name.labels[:-1])


def below(key: str) -> tuple[str, str]:
    """Return the open range of the keys of all names below: greater than the first, less than the second."""
    return key, f"{key[:-1]}/" if key else "\U0010ffff"


def up_to(key: str) -> list[str]:
    """Return the key of a zone's name, after those of the names above it, the topmost first."""
    return [key[: position + 1] for position, char in enumerate(key) if char == "."]


def between(above: str, below: str) -> list[str]:
    """Return the keys of the owners in the zone `above` that lie between it and a zone below, given their keys."""
    relative = below[len(above) :]
    return [relative[: position + 1] for position, char in enumerate(relative[:-1]) if char == "."]


def owner_from(text: str, origin: Name) -> Name:
    """Return the owner that `print_owner` wrote."""
    labels = () if text == "@" else _labels(text)
    zone = origin.labels[:-1]
    return HashedName((*labels, b"")) if labels[-len(zone) :] == zone else HashedName(labels + origin.labels)


def owner_from_key(key: str, origin: Name) -> Name:
    """Return the owner with that key in its zone."""
    return HashedName((*reversed(_labels(key[:-1]) if key else ()), *origin.labels))


def domain_from(text: str) -> Name:
    """Return the zone name that `print_domain` wrote."""
    return HashedName((*_labels(text), b""))


def _key(labels: tuple[bytes, ...]) -> str:
    return f"{print_labels(labels[::-1])}." if labels else ""


def _labels(text: str) -> tuple[bytes, ...]:
    """Return the labels of a printed name."""
    return tuple(map(read_label, text.split(".")) if "\\" in text else text.encode().split(b"."))
