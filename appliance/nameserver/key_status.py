"""Read what `rndc dnssec -status` prints of the keys of a zone; BIND 9.18 and 9.20 print the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.zones.signing import Timing

_KEY = re.compile(r"^key: (\d+) \(([^)]*)\)", re.MULTILINE)
_PUBLISHED = re.compile(r"^\s+published:\s+(?:yes - since|no  - scheduled|no  - expected) (.+)$", re.MULTILINE)
_STATE = re.compile(r"^\s+- ([a-z ]+):\s+(\w+)$", re.MULTILINE)
_TIME = "%a %b %d %H:%M:%S %Y"


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """A key as named has it. `is_wanted`: named does not retire it; `published_at`: since when its DNSKEY is served."""

    tag: int
    algorithm_name: str
    is_wanted: bool
    dnskey: Timing
    ds: Timing
    published_at: datetime | None = None


def parse_key_status(text: str) -> list[KeyStatus]:
    """Return the keys in the reply; those that named has removed from the zone are left out."""
    starts = [*_KEY.finditer(text)]
    ends = [*(one.start() for one in starts[1:]), len(text)]
    found = [_key(one, text[one.end() : end]) for one, end in zip(starts, ends, strict=True)]
    return [key for key in found if key.is_wanted or key.dnskey is not Timing.HIDDEN]


def _key(start: re.Match[str], text: str) -> KeyStatus:
    states = dict(_STATE.findall(text))
    published = _PUBLISHED.search(text)
    return KeyStatus(
        tag=int(start[1]),
        algorithm_name=start[2],
        is_wanted=states.get("goal") == Timing.OMNIPRESENT,
        dnskey=Timing(states.get("dnskey", Timing.HIDDEN)),
        ds=Timing(states.get("ds", Timing.HIDDEN)),
        published_at=_time(published[1]) if published else None,
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
