"""Record data that dnspython accepts but BIND 9.18 does not, so that it would not load the zone. Refused here first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dns.rdata import Rdata
from dns.rdatatype import RdataType
from dns.rdtypes.svcbbase import ParamKey

from appliance.errors import InvalidValue

_PATH_PART = r"(?:[^{}%]|%[0-9A-Fa-f]{2})*"
_DOHPATH = re.compile(rf"/{_PATH_PART}\{{\?dns\}}{_PATH_PART}", re.DOTALL)

_SUBSTITUTION = re.compile(r"([^0-9\\i\0])((?:\\.|(?!\1)[^\\])+)\1((?:\\[^0]|(?!\1)[^\\])*)\1i?", re.DOTALL)
_MEMBER = r"[^\[\]\\-]"
_SET = rf"\[\^?+(?:\]|-|{_MEMBER}-{_MEMBER}|{_MEMBER})(?:{_MEMBER}-{_MEMBER}|{_MEMBER})*-?\]"
_SET_OR_ESCAPE = re.compile(rf"\\[^0-9]|{_SET}", re.DOTALL)
_PIECE = r"[^\\\[\](){}*+?|^$](?:[*+?]|\{[0-9]{1,2}\})?"
_BRANCHES = rf"\^?(?:{_PIECE})+\$?(?:\|\^?(?:{_PIECE})+\$?)*"


def refuse_unloadable(rdata: Rdata) -> None:
    """Raise InvalidValue for data with which BIND would not load the zone."""
    check = _CHECKS.get(rdata.rdtype)
    if check:
        check(rdata)


def _service_binding(rdata: Rdata) -> None:
    """Require that a dohpath is a path template with the variable `{?dns}` and no other (RFC 9461 section 5)."""
    params = rdata.params  # type: ignore[attr-defined]
    if ParamKey.DOHPATH in params:
        octets: bytes = getattr(params[ParamKey.DOHPATH], "value", b"")
        path = octets.decode("utf-8", "replace")
        if path.encode() != octets or not _DOHPATH.fullmatch(path):
            raise InvalidValue(
                "a dohpath must start with a slash and hold the variable {?dns} once, and no other variable", "value"
            )


def _naptr(rdata: Rdata) -> None:
    """Require that the regexp is empty or a substitution `!pattern!text!` (RFC 3402 section 3.2)."""
    regexp = rdata.regexp  # type: ignore[attr-defined]
    if regexp and (b"\0" in regexp or not _is_substitution(regexp.decode("latin-1"))):  # BIND reads up to a NUL
        raise InvalidValue(
            "the regexp must be a substitution such as !^.*$!sip:help@example.com! with a simple POSIX pattern", "value"
        )


def _is_substitution(text: str) -> bool:
    """Return whether `text` is a substitution whose pattern uses only the common part of POSIX extended expressions.

    Replace each bracket expression and escape by one letter, then each innermost group, until only branches are left.
    """
    found = _SUBSTITUTION.fullmatch(text)
    if not found:
        return False
    sets = re.findall(_SET, found[2], re.DOTALL)
    is_reversed = any(low > high for members in sets for low, high in re.findall("(.)-(.)", members[1:-1], re.DOTALL))
    rest, groups, count = _SET_OR_ESCAPE.sub("a", found[2]), 0, 1
    while count:
        rest, count = re.subn(rf"\({_BRANCHES}\)", "a", rest)
        groups += count
    last = max(map(int, re.findall(r"\\([1-9])", found[3])), default=0)
    return bool(re.fullmatch(_BRANCHES, rest)) and not is_reversed and last <= groups


_CHECKS: Mapping[RdataType, Callable[[Rdata], None]] = {
    RdataType.SVCB: _service_binding,
    RdataType.HTTPS: _service_binding,
    RdataType.NAPTR: _naptr,
}
