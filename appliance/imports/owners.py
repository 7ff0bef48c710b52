"""A table of owners: which account gets which zone.

example.com  alice@example.org     # a domain and an email a line; a comma may separate them
*            ops@example.org       # all other zones
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dns.name import Name

from appliance.errors import InputError, InvalidValue
from appliance.zones.names import parse_domain

OTHERS = "*"


def read_owners(path: Path) -> Mapping[Name | str, str]:
    """Return the email of each domain, and of `OTHERS`; raise InvalidValue, with the line, if the table is wrong."""
    owners: dict[Name | str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words or [word.lower() for word in words] in (["domain", "account"], ["domain", "email"]):
            continue
        if len(words) != 2 or "@" not in words[1]:
            raise InvalidValue(f"{path}:{number}: a line must be a domain, or *, and the email of an account")
        key = _key(words[0], f"{path}:{number}")
        if key in owners:
            raise InvalidValue(f"{path}:{number}: {words[0]} has an account already, {owners[key]}")
        owners[key] = words[1]
    return owners


def _key(domain: str, place: str) -> Name | str:
    try:
        return OTHERS if domain == OTHERS else parse_domain(domain)
    except InputError as refused:
        raise InvalidValue(f"{place}: {refused}") from None
