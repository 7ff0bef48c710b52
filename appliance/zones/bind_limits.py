"""Record data that dnspython accepts but BIND 9.18 does not, so that it would not load the zone. Refused here first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dns.rdata import Rdata
from dns.rdatatype import RdataType
from dns.rdtypes.svcbbase import ParamKey

from appliance.errors import InvalidValue
from appliance.zones.substitutions import is_substitution

_PATH_PART = r"(?:[^{}%]|%[0-9A-Fa-f]{2})*"
_DOHPATH = re.compile(rf"/{_PATH_PART}\{{\?dns\}}{_PATH_PART}", re.DOTALL)


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
    if regexp and (b"\0" in regexp or not is_substitution(regexp.decode("latin-1"))):  # BIND reads up to a NUL
        raise InvalidValue(
            "the regexp must be a substitution such as !^.*$!sip:help@example.com! with a POSIX extended regular "
            "expression, and refer only to groups that it has",
            "value",
        )


_CHECKS: Mapping[RdataType, Callable[[Rdata], None]] = {
    RdataType.SVCB: _service_binding,
    RdataType.HTTPS: _service_binding,
    RdataType.NAPTR: _naptr,
}
