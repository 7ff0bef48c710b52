"""The fields of JSON bodies and query strings. They are strict: no value is converted from another type."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate
from marshmallow.types import ErrorMessages

_DIGITS = re.compile(r"[0-9]{1,18}")
_MESSAGES: ErrorMessages = {
    "required": "this field is required",
    "null": "null is not allowed here",
    "invalid": "a string is expected",
}
_LIST_MESSAGES: ErrorMessages = {**_MESSAGES, "invalid": "an array of strings is expected"}


class StrictString(fields.String):
    """A JSON string."""

    default_error_messages: ErrorMessages = _MESSAGES


class StrictInteger(fields.Integer):
    """A JSON integer in a range; `60.0` is none."""

    default_error_messages: ErrorMessages = _MESSAGES

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(validate=_between(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:  # noqa: ANN401 - any JSON value
        if type(value) is not int:
            raise ma.ValidationError("an integer is expected")
        return value


class QueryInteger(fields.Integer):
    """An integer in a query string, of decimal digits, in a range."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(validate=_between(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:  # noqa: ANN401 - any text
        if not _DIGITS.fullmatch(value):
            raise ma.ValidationError("an integer is expected")
        return int(value)


class StrictBoolean(fields.Boolean):
    """A JSON `true` or `false`."""

    default_error_messages: ErrorMessages = _MESSAGES

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:  # noqa: ANN401 - any JSON value
        if not isinstance(value, bool):
            raise ma.ValidationError("true or false is expected")
        return value


class OnlyNull(fields.Raw):
    """A field that responses have and that cannot be set yet."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401 - any JSON value
        if value is not None:
            raise ma.ValidationError("only null is accepted here in this version")


class StringList(fields.List[str]):
    """A JSON array of strings."""

    default_error_messages: ErrorMessages = _LIST_MESSAGES

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(StrictString(), **kwargs)


class Timestamp(fields.DateTime):
    """A time in UTC, in seconds, that ends in `Z`."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:  # noqa: ANN401 - any JSON value
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except (TypeError, ValueError):
            raise ma.ValidationError("a time in UTC is expected, such as 2031-05-04T12:00:00Z") from None

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:  # noqa: ANN401 - marshmallow's own
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _between(minimum: int, maximum: int) -> validate.Range:
    return validate.Range(minimum, maximum, error=f"{{input}} is out of range: use {minimum} to {maximum}")
