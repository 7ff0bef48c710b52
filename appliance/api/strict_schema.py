"""Schemas of what clients send: unknown fields are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields

from appliance.api.fields import StrictInteger, StrictString

Check = Callable[[Any], bool]


class Strict(ma.Schema):
    """A schema that refuses unknown fields."""

    error_messages = {"unknown": "unknown field"}  # noqa: RUF012 - as inherited

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as inherited
        super().__init__(**options)
        self._checks = {name: check for name, field in self.load_fields.items() if (check := _check_of(field))}
        self._required = {name for name, field in self.load_fields.items() if field.required}
        self._has_defaults = any(field.load_default is not ma.missing for field in self.load_fields.values())

    def load(self, data: Any, **options: Any) -> Any:  # noqa: ANN401 - as inherited
        """Return the loaded data; raise ValidationError if it is invalid.

        A valid object of strings and integers, of which a request may have thousands, is returned without what
        marshmallow does for each field of the schema.
        """
        if isinstance(data, dict) and not any(options.values()) and not self.many and self._is_simple(data):
            return dict(data)
        return super().load(data, **options)

    def _is_simple(self, data: Mapping[str, Any]) -> bool:
        """Return whether the data is valid and has only strings and integers, each loaded as it is."""
        if self._has_defaults or not self._required <= data.keys():
            return False
        checks = self._checks
        return all(name in checks and checks[name](value) for name, value in data.items())


def _check_of(field: fields.Field[Any]) -> Check | None:
    """Return a check that a value of the field is valid and loaded as it is; None if that is not so simple."""
    if field.attribute or field.data_key or field.load_only:
        return None
    if isinstance(field, StrictInteger):
        return field.is_in_range
    is_string = type(field) in (StrictString, fields.String) and not field.validators
    return _is_string if is_string else None


def _is_string(value: object) -> bool:
    return type(value) is str
