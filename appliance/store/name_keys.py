"""Index keys of names: all names below a name are one contiguous range.

A key has the labels in reverse order, each followed by a dot: `www.dev` becomes `dev.www.`. Labels contain no dots.
"""

from __future__ import annotations

from dns.name import Name


def owner_key(owner: Name, origin: Name) -> str:
    """Return the key of an owner within its zone; that of the apex is empty."""
    return _key(owner.labels[: -len(origin.labels)])


def domain_key(name: Name) -> str:
    """Return the key of a zone's name among all zones."""
    return _key(name.labels[:-1])


def below(key: str) -> tuple[str, str]:
    """Return the open range of the keys of all names below: greater than the first, less than the second."""
    return key, f"{key[:-1]}/" if key else "\U0010ffff"


def owner_from(text: str, origin: Name) -> Name:
    """Return the owner that `print_owner` wrote."""
    labels = () if text == "@" else tuple(text.encode().split(b"."))
    zone = origin.labels[:-1]
    return Name((*labels, b"")) if labels[-len(zone) :] == zone else Name(labels + origin.labels)


def owner_from_key(key: str, origin: Name) -> Name:
    """Return the owner with that key in its zone."""
    return Name((*(label.encode() for label in reversed(key.split(".")[:-1])), *origin.labels))


def domain_from(text: str) -> Name:
    """Return the zone name that `print_domain` wrote."""
    return Name((*text.encode().split(b"."), b""))


def _key(labels: tuple[bytes, ...]) -> str:
    return "".join(f"{label.decode()}." for label in reversed(labels))
