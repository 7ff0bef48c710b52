"""Rules of paths that compile how to build a URL only when one is built: for most rules a process never builds one.

Werkzeug compiles two functions for every rule at the start, which is half of the time that an application takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]
_BUILDERS: dict[tuple[str, bool], Builder] = {}
"""The compiled functions of this process. They take the rule as an argument, so applications share them."""


class UrlRule(Rule):
    """A rule without defaults for its variables."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        """Return the function that `build` calls; it compiles the real one for its first call."""
        compile_builder = super()._compile_builder

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:  # noqa: ANN401 - what a path may contain
            key = rule.rule, append_unknown
            if key not in _BUILDERS:
                _BUILDERS[key] = compile_builder(append_unknown)
            return _BUILDERS[key](rule, **values)

        return build
