"""Policies of tokens: their text for command line and console, presets, and which a token may grant.

`appliance.principal.TokenLimits` evaluates them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from types import MappingProxyType

from appliance.errors import InputError
from appliance.principal import Policy, TokenLimits, ZoneKey
from appliance.store.policies import document_of, zone_key
from appliance.zones.names import parse_domain, print_domain

_WILD = frozenset("*?[")
_FORM = "zone=DOMAIN name=PATTERN types=TYPE,TYPE write"


@dataclass(frozen=True, slots=True)
class Preset:
    """A purpose: its label, the permissions of its tokens, and their policies.

    `patterns` returns the patterns for the record names of the user, none for all names; without it a token of the
    preset cannot be limited to names.
    """

    label: str
    permissions: frozenset[str]
    types: tuple[str, ...] | None = None
    write: bool = True
    patterns: Callable[[Sequence[str]], Sequence[str | None]] | None = None
    may_change_zones: bool = False

    def policies(self, zones: Iterable[ZoneKey], names: Sequence[str]) -> tuple[Policy, ...]:
        """Return the policies for these zones (none: all) and record names (none: all that the preset has)."""
        if names and not self.patterns:
            raise InputError(f"tokens of this preset ({self.label}) cannot be limited to names", "record_names")
        patterns = self.patterns(names) if self.patterns else [None]
        of_zones: Sequence[frozenset[ZoneKey] | None]
        of_zones = [frozenset({zone}) for zone in sorted(set(zones), key=str)] or [None]
        return tuple(
            Policy(of_zone, None if pattern is None else (pattern,), self.types, self.write)
            for of_zone, pattern in product(of_zones, patterns)
        )


def _challenges(names: Sequence[str]) -> Sequence[str]:
    """Return where the challenges of certificates for these names are (RFC 8555 section 8.4)."""
    label = "_acme-challenge"
    return [label if name == "@" else f"{label}.{name}" for name in names or ("@", "*")]


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "certificates": Preset(
            "Certificates: write the TXT records of ACME challenges",
            frozenset({"dns:list", "dns:create", "dns:update", "dns:delete"}),
            ("TXT",),
            patterns=_challenges,
        ),
        "dynamic-dns": Preset(
            "Dynamic DNS: write A and AAAA records",
            frozenset({"dns:list", "dns:create", "dns:update", "dns:delete"}),
            ("A", "AAAA"),
            patterns=lambda names: names or [None],
        ),
        "read-only": Preset("Read only", frozenset({"dns:list", "dns:read"}), write=False),
        "full": Preset("Full: everything in the zones", frozenset({"dns:*"}), may_change_zones=True),
    }
)
"""The presets by name."""


def with_preset(name: str, permissions: Collection[str], limits: TokenLimits) -> tuple[Collection[str], TokenLimits]:
    """Return permissions and limits of the preset, for the zones and record names in `limits`; "": as they are.

    Raise InputError if the preset is unknown, or something is given that it decides.
    """
    if not name:
        return permissions, limits
    if name not in PRESETS:
        raise InputError(f"{name!r} is not a preset; choose from {', '.join(PRESETS)}", "preset")
    for field, given in (
        ("permissions", permissions),
        ("policies", limits.policies),
        ("record_types", limits.record_types),
    ):
        if given:
            raise InputError(f"the preset {name} decides {field}: leave out {field}", field)
    preset = PRESETS[name]
    policies = preset.policies(limits.zones or (), limits.record_names or ())
    limits = replace(limits, zones=None, record_names=None, policies=policies)
    if not preset.may_change_zones:
        limits = replace(limits, create_zones=False, delete_zones=False)
    return preset.permissions, limits


def read_zone(text: str, field: str) -> ZoneKey:
    """Return the uuid or domain of a zone in a limit; raise InputError on `field` if it is neither."""
    key = zone_key(text)
    return print_domain(parse_domain(text.lower(), field)) if isinstance(key, str) else key


def read_policy(text: str, field: str) -> Policy:
    """Return the policy of a text such as `zone=example.com name=www types=A,AAAA write`, in any order of words.

    What is left out is not limited. Raise InputError on `field`.
    """
    *words, access = sorted(text.split(), key=("read", "write").__contains__) or [""]
    if access not in ("read", "write"):
        raise InputError(f"{text!r} must contain either read or write: {_FORM}", field)
    given: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in ("zone", "name", "types") or name in given or not value:
            raise InputError(f"{word!r} does not belong in a policy of the form {_FORM}", field)
        given[name] = value
    return Policy(
        zones=frozenset({read_zone(given["zone"], field)}) if "zone" in given else None,
        names=(given["name"].lower(),) if "name" in given else None,
        types=tuple(given["types"].upper().split(",")) if "types" in given else None,
        write=access == "write",
    )


def print_policy(policy: Policy, domains: Mapping[ZoneKey, str]) -> str:
    """Return the text of a policy, with the domains of these zones in place of their uuids."""
    document = document_of(policy)
    zone = document["zone"] and domains.get(zone_key(document["zone"]), document["zone"])
    words = {"zone": zone, "name": document["name"], "types": document["types"] and ",".join(document["types"])}
    limits = [f"{name}={value}" for name, value in words.items() if value is not None]
    return " ".join([*limits, "write" if policy.write else "read"])


def lies_within_writes(policy: Policy, own: Sequence[Policy], domains: Mapping[ZoneKey, str]) -> bool:
    """Return whether a token with the policies `own` may write all that `policy` matches; False if not obvious.

    The policy has at most one zone and one name. `domains` has the domains of zones by their uuids.
    """
    zone = None if policy.zones is None else next(iter(policy.zones))
    name = None if policy.names is None else policy.names[0]
    types: Iterable[str | None] = (None,) if policy.types is None else policy.types
    return all(_is_writable(zone, domains.get(zone or ""), name, rdtype, own) for rdtype in types)


def _is_writable(
    zone: ZoneKey | None, domain: str | None, name: str | None, rdtype: str | None, own: Sequence[Policy]
) -> bool:
    for rule in own:
        if not rule.write and _may_overlap(zone, domain, name, rdtype, rule):
            return False
        if rule.write and _lies_in(zone, domain, name, rdtype, rule):
            return True
    return False


def _may_overlap(zone: ZoneKey | None, domain: str | None, name: str | None, rdtype: str | None, rule: Policy) -> bool:
    if None not in (zone, rule.zones) and not {zone, domain} & (rule.zones or frozenset()):
        is_to_come = isinstance(zone, str) and any(not isinstance(key, str) for key in rule.zones or ())
        if not is_to_come:  # else a deleted zone of that name may be restored
            return False
    if name is not None and rule.names is not None and not any(_globs_meet(name, one) for one in rule.names):
        return False
    return rdtype is None or rule.types is None or any(fnmatchcase(rdtype, one) for one in rule.types)


def _lies_in(zone: ZoneKey | None, domain: str | None, name: str | None, rdtype: str | None, rule: Policy) -> bool:
    if rule.zones is not None and not {zone, domain} & rule.zones:
        return False
    if rule.names is not None and (name is None or not any(glob_lies_in(name, one) for one in rule.names)):
        return False
    return rule.types is None or (rdtype is not None and any(fnmatchcase(rdtype, one) for one in rule.types))


def glob_lies_in(glob: str, wide: str) -> bool:
    """Return whether `wide` matches everything that `glob` matches; False if that is not obvious."""
    plain = _WILD.isdisjoint(glob) or (_WILD.isdisjoint(wide.replace("*", "")) and "[" not in glob)
    return glob == wide or (plain and fnmatchcase(glob, wide))


def _globs_meet(one: str, other: str) -> bool:
    """Return whether some text matches both; True if that is not obvious."""
    if _WILD.isdisjoint(one):
        return fnmatchcase(one, other)
    return not _WILD.isdisjoint(other) or fnmatchcase(other, one)
