"""The fields of JSON bodies and query strings. They are strict: no value is converted from another type."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import marshmallow as ma
from marshmallow import fields, validate
from marshmallow.types import ErrorMessages

from appliance.api.parsing import parse_uuid

_DIGITS = re.compile(r"[0-9]{1,18}")
_MESSAGES: ErrorMessages = {
    "required": "this field is required",
    "null": "null is not allowed here",
    "invalid": "a string is expected",
}
_ARRAY_MESSAGES: ErrorMessages = {**_MESSAGES, "invalid": "an array is expected"}
_LIST_MESSAGES: ErrorMessages = {**_MESSAGES, "invalid": "an array of strings is expected"}


class StrictString(fields.String):
    """A JSON string."""

    default_error_messages: ErrorMessages = _MESSAGES


class StrictInteger(fields.Integer):
    """A JSON integer in a range; `60.0` is none."""

    default_error_messages: ErrorMessages = _MESSAGES

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(validate=_between(minimum, maximum), **kwargs)
        self._minimum, self._maximum = minimum, maximum

    def is_in_range(self, value: object) -> bool:
        """Return whether the value is such an integer."""
        return type(value) is int and self._minimum <= value <= self._maximum

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


class StrictUuid(fields.UUID):
    """A uuid in its usual form, in any letter case."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> UUID:  # noqa: ANN401 - any JSON value
        found = parse_uuid(value) if isinstance(value, str) else None
        if found is None:
            raise ma.ValidationError("a uuid is expected")
        return found


class QueryBoolean(fields.Boolean):
    """`true` or `false` in a query string."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:  # noqa: ANN401 - any text
        if value not in ("true", "false"):
            raise ma.ValidationError("true or false is expected")
        return bool(value == "true")


class BoundedList(fields.List[Any]):
    """A JSON array of at most `most` items; a longer one is refused before its items are read."""

    default_error_messages: ErrorMessages = _ARRAY_MESSAGES

    def __init__(self, item: fields.Field[Any], most: int, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(item, metadata={"maxItems": most}, **kwargs)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
        if isinstance(value, list) and len(value) > self._most:
            raise ma.ValidationError(f"there are {len(value)} {attr}; one request may have at most {self._most}")
        return super()._deserialize(value, attr, data, **kwargs)


class OneOfObjects(fields.Field[Mapping[str, Any]]):
    """A JSON object of one of several schemas, which the field `key` of the object names."""

    def __init__(self, key: str, choices: Mapping[str, type[ma.Schema]]) -> None:
        references = [{"$ref": f"#/components/schemas/{schema.__name__}"} for schema in choices.values()]
        super().__init__(metadata={"oneOf": references})
        self._key = key
        self._choices = {name: schema() for name, schema in choices.items()}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
        if not isinstance(value, dict):
            raise ma.ValidationError("an object is expected")
        name = value.get(self._key)
        if not isinstance(name, str) or name not in self._choices:
            raise ma.ValidationError({self._key: [f"one of {', '.join(self._choices)} is expected"]})
        return cast(Mapping[str, Any], self._choices[name].load(value))


class TextOrObject(fields.Field["str | Mapping[str, Any]"]):
    """A JSON string, or an object of a schema."""

    def __init__(self, schema: type[ma.Schema], metadata: Mapping[str, Any]) -> None:
        references = [{"type": "string"}, {"$ref": f"#/components/schemas/{schema.__name__}"}]
        super().__init__(metadata={**metadata, "oneOf": references})
        self._schema = schema()

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str | Mapping[str, Any]:  # noqa: ANN401 - any JSON value
        if isinstance(value, str):
            return value
        if not isinstance(value, dict):
            raise ma.ValidationError("a string, or an object with value and priority, is expected")
        return cast(Mapping[str, Any], self._schema.load(value))


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
        return None if value is None else print_timestamp(value)


@functools.lru_cache(maxsize=1024)  # many records of one response were created together
def print_timestamp(value: datetime) -> str:
    """Return a time in UTC, in seconds, that ends in `Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _between(minimum: int, maximum: int) -> validate.Range:
    return validate.Range(minimum, maximum, error=f"{{input}} is out of range: use {minimum} to {maximum}")
