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

    @property
    def is_removed(self) -> bool:
        """Return True if named has removed the key from the zone."""
        return not self.is_wanted and self.dnskey is Timing.HIDDEN


def parse_key_status(text: str) -> list[KeyStatus]:
    """Return the keys in the reply, also those that named has removed from the zone."""
    starts = [*_KEY.finditer(text)]
    bounds = [*(one.start() for one in starts), len(text)]
    return [_key(one, text[one.end() : end]) for one, end in zip(starts, bounds[1:], strict=True)]


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
    """Return the time that named printed: the local one of its host, without a zone."""
    try:
        return datetime.strptime(text.strip(), _TIME).astimezone(UTC)
    except ValueError:
        return None
