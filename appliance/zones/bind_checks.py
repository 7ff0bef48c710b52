"""The checks of BIND that the appliance turns off, by the release that has them.

The appliance's rules alone decide what a zone may hold; named, its checkers, a primary and a secondary must all accept
it. BIND 9.20 differs from 9.18 only in `check-svcb`: at owners such as `_dns` it refuses SVCB records that do not
follow RFC 9461. No other data was found that one of the two refuses and the other loads.
"""

from __future__ import annotations

from dataclasses import dataclass

_OLDEST = (9, 18)


@dataclass(frozen=True, slots=True)
class BindCheck:
    """A check: the statement of named.conf, and the option of named-checkzone, that turn it off; since which release.

    One of the two is empty if it does not exist.
    """

    statement: str = ""
    option: tuple[str, ...] = ()
    since: tuple[int, ...] = _OLDEST


CHECKS = (
    BindCheck("check-names primary ignore", ("-k", "ignore")),
    BindCheck("check-names secondary ignore"),
    BindCheck("check-mx ignore", ("-m", "ignore")),
    BindCheck("check-mx-cname ignore", ("-M", "ignore")),
    BindCheck(option=("-n", "ignore")),
    BindCheck("check-srv-cname ignore", ("-S", "ignore")),
    BindCheck("check-dup-records ignore", ("-r", "ignore")),
    BindCheck("check-spf ignore"),
    BindCheck("check-wildcard no"),
    BindCheck("check-svcb no", ("-C", "check-svcb:ignore"), since=(9, 20)),
)


def statements_off(release: tuple[int, ...]) -> list[str]:
    """Return the statements of named.conf, for its `options`, that turn off every check of that release."""
    return [check.statement for check in CHECKS if check.statement and check.since <= (release or _OLDEST)]


def options_off(release: tuple[int, ...]) -> list[str]:
    """Return the options of named-checkzone that turn off every check of that release."""
    return [word for check in CHECKS if check.since <= (release or _OLDEST) for word in check.option]
