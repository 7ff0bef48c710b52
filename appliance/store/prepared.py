"""Prepared queries: Peewee builds the SQL text of a query once, and each call binds its values to it.

Peewee builds the text each time that a query is executed, which takes longer than SQLite needs for the rows. A prepared
query is a function that returns a Peewee query. It is not called with values but with stand-ins for them, once for each
shape of its arguments: which of them are None, how many members a set has, which columns are named. It must use the
stand-ins for nothing but values in the query.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import peewee as pw

from appliance.principal import Scope
from appliance.store.file.binding import current
from appliance.store.row_objects import row_builder

Arguments = ParamSpec("Arguments")
Row = TypeVar("Row", bound=pw.Model)

Value = TypeVar("Value")

_MOST_ROWS = 256
_VALUE = "?"
"""The shape of a value."""


@dataclass(frozen=True, slots=True)
class _StandIn:
    """The place of a value among all values of a call."""

    position: int


@dataclass(frozen=True, slots=True)
class _Bound:
    """A value that the text needs, and its conversion by the column that it is compared with or stored in."""

    position: int
    convert: Callable[[Any], Any] | None


class _Context(pw.Context):
    """Peewee's context of the text of a query, for one with stand-ins."""

    __slots__ = ()

    def value(self, value: Any, converter: Any = None, add_param: bool = True) -> Any:  # noqa: ANN401 - as inherited
        """Add a value to the text: of a stand-in its place and conversion."""
        if not isinstance(value, _StandIn):
            return super().value(value, converter, add_param)
        convert = self.state.converter if converter is None else converter
        return super().value(_Bound(value.position, convert or None), False, add_param)


class _Text:
    """The text of a query for arguments of one shape."""

    __slots__ = ("_process_row", "_query", "_sql", "_values")

    def __init__(self, query: Any) -> None:  # noqa: ANN401 - any query of Peewee
        self._query = query
        context = _Context(**current().get_context_options())
        self._sql, values = context.sql(query).query()  # type: ignore[no-untyped-call]
        self._values = [(one.position, one.convert) if isinstance(one, _Bound) else (None, one) for one in values]
        self._process_row: Callable[[Any], Any] | None = None

    def execute(self, values: Sequence[Any]) -> Any:  # noqa: ANN401 - a cursor
        """Execute the statement with these values, and return its cursor."""
        bound = [
            convert if at is None else values[at] if convert is None else convert(values[at])
            for at, convert in self._values
        ]
        return current().execute_sql(self._sql, bound)

    def rows(self, values: Sequence[Any]) -> Iterator[Any]:
        """Execute the statement, and yield its rows as objects of the query's model."""
        cursor = self.execute(values)
        for row in cursor:
            if self._process_row is None:
                self._process_row = self._row_processor(cursor)
            yield self._process_row(row)

    def _row_processor(self, cursor: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a cursor
        """Return what makes an object of a row; it is the same for all executions."""
        wrapper = self._query._get_cursor_wrapper(cursor)  # noqa: SLF001 - Peewee does not keep it
        wrapper.initialize()
        return row_builder(wrapper)


class _Prepared(Generic[Arguments]):
    """A prepared query, with its text for each shape of arguments."""

    def __init__(self, build: Callable[Arguments, pw.Query]) -> None:
        self._build: Callable[..., pw.Query] = build
        self._texts: dict[Hashable, _Text] = {}

    def _prepare(self, *arguments: Any, **columns: Any) -> tuple[_Text, list[Any]]:  # noqa: ANN401 - as the query has
        """Return the text for these arguments, and the values to bind."""
        values: list[Any] = []
        shape = tuple([_shape(argument, values) for argument in (*arguments, columns)])
        text = self._texts.get(shape)
        if text is None:
            places = map(_StandIn, itertools.count())
            *by_position, named = [
                _stand_in(argument, its, places) for argument, its in zip((*arguments, columns), shape, strict=True)
            ]
            text = self._texts[shape] = _Text(self._build(*by_position, **named))
        return text, values


class PreparedSelect(_Prepared[Arguments], Generic[Arguments, Row]):
    """A prepared query that reads rows. `build` returns the query itself, for real values, to add conditions to it."""

    def __init__(self, build: Callable[Arguments, pw.ModelSelect[Row]]) -> None:
        super().__init__(build)
        self.build = build

    def __call__(self, *arguments: Arguments.args, **columns: Arguments.kwargs) -> list[Row]:
        """Return the rows; all are read before this returns."""
        text, values = self._prepare(*arguments, **columns)
        return list(text.rows(values))

    def tuples(self, *arguments: Arguments.args, **columns: Arguments.kwargs) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as SQLite holds them, in a fraction of the time of objects; the caller must read them all."""
        text, values = self._prepare(*arguments, **columns)
        yield from text.execute(values)

    def first(self, *arguments: Arguments.args, **columns: Arguments.kwargs) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self(*arguments, **columns)), None)

    def value(self, *arguments: Arguments.args, **columns: Arguments.kwargs) -> Any:  # noqa: ANN401 - of any type
        """Return the first column of the only row, as SQLite holds it."""
        text, values = self._prepare(*arguments, **columns)
        return text.execute(values).fetchone()[0]


class PreparedWrite(_Prepared[Arguments]):
    """A prepared query that writes rows."""

    def __call__(self, *arguments: Arguments.args, **columns: Arguments.kwargs) -> int:
        """Execute the statement, and return how many rows it wrote."""
        text, values = self._prepare(*arguments, **columns)
        return int(current().rows_affected(text.execute(values)))


def in_parts(rows: Sequence[Value]) -> Iterator[list[Value]]:
    """Yield the rows in lists of 256, then of a power of two each: statements that write rows have few texts."""
    start = 0
    while start < len(rows):
        size = min(_MOST_ROWS, 1 << (len(rows) - start).bit_length() - 1)
        yield list(rows[start : start + size])
        start += size


def _shape(argument: object, values: list[Any]) -> Hashable:
    """Return the shape of an argument, and append the values in it.

    The size of a set is rounded up, so that few texts are kept: its last member is repeated.
    """
    match argument:
        case None:
            return None
        case Scope():
            return tuple([_shape(part, values) for part in (argument.account, argument.zones, argument.domains)])
        case frozenset():
            members = list(argument)
            size = min(1 << (len(members) - 1).bit_length(), -(-len(members) // 1024) * 1024) if members else 0
            values.extend(members + members[-1:] * (size - len(members)))
            return size
        case dict():
            values.extend(argument.values())
            return tuple(argument)
        case list():
            return tuple([_shape(one, values) for one in argument])
    values.append(argument)
    return _VALUE


def _stand_in(argument: object, shape: Any, places: Iterator[_StandIn]) -> Any:  # noqa: ANN401 - as the argument
    """Return an argument of that shape with stand-ins in place of its values."""
    match argument:
        case None:
            return None
        case Scope():
            parts = zip((argument.account, argument.zones, argument.domains), shape, strict=True)
            return Scope(*[_stand_in(part, its, places) for part, its in parts])
        case frozenset():
            return frozenset(itertools.islice(places, shape))
        case dict():
            return {name: next(places) for name in argument}
        case list():
            return [_stand_in(one, its, places) for one, its in zip(argument, shape, strict=True)]
    return next(places)
