"""The text of an SPF record from the fields of its form, checked, and the fields of such a text (RFC 7208)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

import dns.name

from appliance.errors import InputError, InvalidName
from appliance.zones.names import parse_target, print_domain

POLICIES = {"~all": "Soft fail (~all)", "-all": "Fail (-all)", "?all": "Neutral (?all)"}
"""The mechanisms for all other senders, and the label of each."""
MAX_LOOKUPS = 10
"""Mechanisms that need a DNS query; a receiver refuses a record that leads to more (RFC 7208 section 4.6.4)."""
_ADDRESS = re.compile(r"(?:ip([46]):)?([0-9a-f.:]+(?:/[0-9]{1,3})?)", re.IGNORECASE)


def join_spf(values: Mapping[str, str]) -> str:
    """Return the record; raise InputError with the field `part_NAME` of a mechanism that is not valid."""
    words = [name for name in ("mx", "a") if values[name]]
    words += map(_include, values["includes"].replace(",", " ").split())
    if len(words) > MAX_LOOKUPS:
        text = f"{len(words)} mechanisms need a DNS query; SPF allows {MAX_LOOKUPS}: list networks instead"
        raise InputError(text, "part_includes")
    words += map(_network, values["addresses"].replace(",", " ").split())
    policy = values["policy"] or "~all"
    if policy not in POLICIES:
        raise InputError("choose one of the options", "part_policy")
    return " ".join(["v=spf1", *words, policy])


def split_spf(value: str) -> Mapping[str, str]:
    """Return the fields of a record; what no field can hold is left out."""
    words = value.split(" ")[1:]
    return {
        "mx": "mx" if "mx" in words else "",
        "a": "a" if "a" in words else "",
        "includes": " ".join(_arguments(words, "include:")),
        "addresses": " ".join(_arguments(words, "ip4:", "ip6:")),
        "policy": words[-1] if words else "",
    }


def _arguments(words: list[str], *prefixes: str) -> Iterator[str]:
    return (word.partition(":")[2] for word in words if word.startswith(prefixes))


def _include(word: str) -> str:
    try:
        name = parse_target(word.removeprefix("include:"), dns.name.root, "part_includes")
    except InvalidName as error:
        raise InputError(f"{word} is not a domain to include: {error}", "part_includes") from None
    return f"include:{print_domain(name)}"


def _network(word: str) -> str:
    """Return the mechanism of an address or network; the word may be the mechanism itself."""
    found = _ADDRESS.fullmatch(word)
    try:
        if not found:
            raise ValueError(word)
        version = ipaddress.ip_interface(found[2]).version
        if found[1] not in (None, str(version)):
            raise ValueError(word)
    except ValueError:
        text = f"{word} is not an address or network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
        raise InputError(text, "part_addresses") from None
    return f"ip{version}:{found[2]}"
