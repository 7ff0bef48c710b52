"""How often the parent zone of a signed zone is checked: as its state demands."""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.zones.model import Zone
from appliance.zones.signing import BETWEEN_CHECKS, Signing, SigningState, state_of

CHECK_WHEN_SECURED = timedelta(days=1)
"""Between two checks of the parent of a secured zone."""
LONGEST_WAIT = timedelta(hours=1)
"""Between two checks of the parent while a DS is awaited: at first BETWEEN_CHECKS, then longer."""


def is_check_due(zone: Zone, known: Signing, now: datetime) -> bool:
    """Return True if a parent zone elsewhere is to be checked now."""
    last, pause = known.parent and known.parent.last_at, parent_pause(known, state_of(known, zone.name, now), now)
    return not (last and max(now - pause, known.since) < last <= now)


def parent_pause(known: Signing, state: SigningState, now: datetime) -> timedelta:
    """Return the time from one check of the parent to the next."""
    if known.gone_since and known.gone_at is None:
        return BETWEEN_CHECKS
    match state:
        case SigningState.SECURED:
            return CHECK_WHEN_SECURED
        case SigningState.SIGNING | SigningState.DS_WAIT | SigningState.DS_READY:
            return max(BETWEEN_CHECKS, min(LONGEST_WAIT, (now - known.since) / 24))
    return BETWEEN_CHECKS
