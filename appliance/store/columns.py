"""Kinds of columns: moments, durations and documents, as values and as SQLite holds them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import peewee as pw

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_microseconds(value: int) -> datetime:
    """Return the point in time that many microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


class Instant(pw.Field):
    """A point in time: aware UTC datetime <-> integer microseconds since 1970."""

    field_type = "INTEGER"

    def db_value(self, value: datetime | None) -> int | None:
        """Return microseconds."""
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def python_value(self, value: int | None) -> datetime | None:
        """Return an aware datetime in UTC."""
        return None if value is None else from_microseconds(value)


class Seconds(pw.Field):
    """A duration <-> integer seconds."""

    field_type = "INTEGER"

    def db_value(self, value: timedelta | None) -> int | None:
        """Return seconds."""
        return None if value is None else value // timedelta(seconds=1)

    def python_value(self, value: int | None) -> timedelta | None:
        """Return a duration."""
        return None if value is None else timedelta(seconds=value)


class JsonText(str):
    """The text of a document, as it is stored."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> JsonText:  # noqa: ANN401 - any JSON value
        """Return the text of a value."""
        return cls(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class Document(pw.Field):
    """A list or mapping of JSON values, stored as text."""

    field_type = "TEXT"

    def db_value(self, value: Any) -> str | None:  # noqa: ANN401 - any JSON value
        """Return JSON text; a JsonText is stored as it is."""
        return value if value is None or isinstance(value, JsonText) else JsonText.of(value)

    def python_value(self, value: str | None) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value of the text."""
        return None if value is None else json.loads(value)
