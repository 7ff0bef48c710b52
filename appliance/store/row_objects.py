"""Rows as objects of Peewee's models: what each column is for is found out once for a query, and not for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import peewee as pw

Row = Sequence[Any]
Convert = Callable[[Any], Any]
_AS_STORED = (pw.AutoField, pw.IntegerField, pw.TextField)
"""Fields whose values are those that SQLite holds."""


def row_builder(wrapper: Any) -> Callable[[Row], Any]:  # noqa: ANN401 - any wrapper of a cursor of Peewee
    """Return what makes the object of a row: that of Peewee, or a quicker one that makes the same objects.

    The quicker one is for columns of models that are joined by inner joins over foreign keys.
    """
    keys = getattr(wrapper, "column_keys", [wrapper.model] * wrapper.ncols)
    joins = getattr(wrapper, "src_to_dest", [])
    is_plain = isinstance(wrapper, pw.ModelObjectCursorWrapper | pw.ModelCursorWrapper) and all(
        isinstance(key, type)
        and issubclass(key, pw.Model)
        and (_is_own(field, key, name) or (name.isidentifier() and name not in key._meta.combined))
        for key, field, name in zip(keys, wrapper.fields, wrapper.columns, strict=True)
    )
    is_inner = all(source in keys and target in keys and not outer for source, _, target, _, outer, _ in joins)
    return _builder(wrapper, keys, joins) if is_plain and is_inner else wrapper.process_row


def _is_own(field: pw.Field | None, model: type[pw.Model], name: str) -> bool:
    """Return whether a column is a field of the model, under its own name."""
    return field is not None and field.model is model and field.name == name


def _builder(wrapper: Any, keys: Sequence[Any], joins: Sequence[Any]) -> Callable[[Row], Any]:  # noqa: ANN401
    columns = list(zip(keys, wrapper.fields, wrapper.columns, wrapper.converters, strict=True))
    own: dict[Any, list[tuple[int, str, Convert | None]]] = {key: [] for key in keys}
    others: list[tuple[Any, int, str, Convert | None]] = []
    for at, (key, field, name, convert) in enumerate(columns):
        if _is_own(field, key, name):
            own[key].append((at, name, convert and _conversion(field)))
        else:
            others.append((key, at, name, convert))
    of_models = list(own.items())
    related = [(source, name, target) for source, name, target, *_ in joins]

    def build(row: Row) -> Any:  # noqa: ANN401 - an object of the query's model
        made = {}
        for model, fields in of_models:
            made[model] = one = model(__no_default__=True)
            one.__data__.update(
                [(name, row[at] if convert is None else convert(row[at])) for at, name, convert in fields]
            )
        for model, at, name, convert in others:
            setattr(made[model], name, row[at] if convert is None else convert(row[at]))
        for source, name, target in related:
            made[source].__rel__[name] = made[target]
        return made[wrapper.model]

    return build


def _conversion(field: pw.Field) -> Convert | None:
    """Return what makes the value of a field from what SQLite holds, None if they are the same."""
    stored = field.rel_field if isinstance(field, pw.ForeignKeyField) else field
    return None if type(stored) in _AS_STORED else stored.python_value
