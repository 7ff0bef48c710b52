"""The time at which a record expires, in the forms of the console: UTC, as text for a field and as text for a draft."""

from __future__ import annotations

from datetime import UTC, datetime

from appliance.errors import InputError

FIELD = "expires_at"


def read_expiry(text: str) -> str | None:
    """Return the time in a field as the API takes it, None for an empty field; raise InputError if it is no time."""
    text = text.strip()
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.removesuffix("UTC").rstrip())
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is not a date and time, such as 2031-05-04 12:00", FIELD) from None
    return print_stored(time)


def print_expiry(time: datetime | None) -> str:
    """Return the value of the field, in the format of HTML; with seconds only if there are any."""
    if time is None:
        return ""
    return time.strftime("%Y-%m-%dT%H:%M:%S" if time.second else "%Y-%m-%dT%H:%M")


def parse_stored(text: str | None) -> datetime | None:
    """Return the time that a draft holds."""
    return datetime.fromisoformat(text) if text else None


def print_stored(time: datetime | None) -> str | None:
    """Return the time as a draft holds it: as the API takes it."""
    return f"{time.replace(microsecond=0, tzinfo=None).isoformat()}Z" if time else None
