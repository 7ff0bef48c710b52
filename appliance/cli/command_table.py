"""The commands of a group by name, each imported when it is used: what most need takes long to import."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import cast

import click


class CommandTable(MutableMapping[str, click.Command]):
    """The commands of a group; `places` says where each is defined, as `module:function` below `appliance.cli`."""

    def __init__(self, places: Mapping[str, str], *groups: click.Group) -> None:
        self._places: dict[str, str | click.Command] = {**places, **{str(group.name): group for group in groups}}

    def __getitem__(self, name: str) -> click.Command:
        place = self._places[name]
        if isinstance(place, str):
            module, _, function = place.partition(":")
            place = getattr(importlib.import_module(f"appliance.cli.{module}"), function)
        return cast(click.Command, place)

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
