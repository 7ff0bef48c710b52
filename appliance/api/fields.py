"""The kinds of value that a JSON body or a query string may hold, each read strictly: nothing is converted."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate
from marshmallow.types import ErrorMessages

_DIGITS = re.compile(r"[0-9]{1,18}")
_TEXTS: ErrorMessages = {
    "required": "this field is needed",
    "null": "null is not allowed here",
    "invalid": "a text is expected",
}
_TEXTS_OF_LISTS: ErrorMessages = {**_TEXTS, "invalid": "an array of texts is expected"}


class StrictText(fields.String):
    """A JSON string."""

    default_error_messages: ErrorMessages = _TEXTS


class StrictInteger(fields.Integer):
    """A JSON number without a fraction, in a range."""

    default_error_messages: ErrorMessages = _TEXTS

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(validate=_between(least, most), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:  # noqa: ANN401 - any JSON value
        if type(value) is not int:
            raise ma.ValidationError("a whole number is expected")
        return value


class QueryNumber(fields.Integer):
    """Decimal digits in a query string, in a range."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(validate=_between(least, most), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:  # noqa: ANN401 - any text
        if not _DIGITS.fullmatch(value):
            raise ma.ValidationError("a whole number is expected")
        return int(value)


class StrictBoolean(fields.Boolean):
    """A JSON `true` or `false`."""

    default_error_messages: ErrorMessages = _TEXTS

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:  # noqa: ANN401 - any JSON value
        if not isinstance(value, bool):
            raise ma.ValidationError("true or false is expected")
        return value


class OnlyNull(fields.Raw):
    """A field that is told, and not yet set."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401 - any JSON value
        if value is not None:
            raise ma.ValidationError("only null is taken here for now")


class TextList(fields.List[str]):
    """A JSON array of texts."""

    default_error_messages: ErrorMessages = _TEXTS_OF_LISTS

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(StrictText(), **kwargs)


class Timestamp(fields.DateTime):
    """UTC, whole seconds, a `Z` at the end."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:  # noqa: ANN401 - any JSON value
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except (TypeError, ValueError):
            raise ma.ValidationError("a moment such as 2031-05-04T12:00:00Z is expected") from None

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:  # noqa: ANN401 - marshmallow's own
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _between(least: int, most: int) -> validate.Range:
    return validate.Range(least, most, error=f"it must be {least} to {most}")
