"""Keys under which a name and all names below it are one range of an index.

The labels stand in reverse, each with a dot behind it: `www.dev` is kept as `dev.www.`. Labels hold no dots.
"""

from __future__ import annotations

from dns.name import Name


def owner_key(owner: Name, origin: Name) -> str:
    """The key of an owner within its zone; the apex is the empty text."""
    return _key(owner.labels[: -len(origin.labels)])


def domain_key(name: Name) -> str:
    """The key of a zone's name among all zones."""
    return _key(name.labels[:-1])


def below(key: str) -> tuple[str, str]:
    """The open range in which the keys of all names below lie: greater than the first, less than the second."""
    return key, f"{key[:-1]}/" if key else "\U0010ffff"


def owner_from(text: str, origin: Name) -> Name:
    """The owner that `print_owner` wrote."""
    labels = () if text == "@" else tuple(text.encode().split(b"."))
    zone = origin.labels[:-1]
    return Name((*labels, b"")) if labels[-len(zone) :] == zone else Name(labels + origin.labels)


def owner_from_key(key: str, origin: Name) -> Name:
    """The owner of that key in its zone."""
    return Name((*(label.encode() for label in reversed(key.split(".")[:-1])), *origin.labels))


def domain_from(text: str) -> Name:
    """The zone name that `print_domain` wrote."""
    return Name((*text.encode().split(b"."), b""))


def _key(labels: tuple[bytes, ...]) -> str:
    return "".join(f"{label.decode()}." for label in reversed(labels))
