"""The text of a named.conf as statements (BIND 9 Administrator Reference Manual, "Configuration file"). Pure.

A statement is a list of words and blocks up to a semicolon. What the statements mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from appliance.errors import InvalidValue

MAX_DEPTH = 50
"""Blocks within blocks; named itself needs fewer than ten."""

_TOKEN = re.compile(
    r"""(?P<skipped> \s+ | //[^\n]* | \#[^\n]* | /\*.*?\*/ )
      | "(?P<quoted> (?: [^"\\] | \\. )*+ )"
      | (?P<sign> [{};] )
      | (?P<word> (?: [^\s{};"/] | /(?![/*]) )++ )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamedStatement:
    """A statement: its words without quotes, the statements of its blocks, and the line on which it begins."""

    line: int
    words: Sequence[str]
    block: Sequence[NamedStatement] = ()

    @property
    def name(self) -> str:
        """Return the first word in lower case, "" if there is none."""
        return self.words[0].lower() if self.words else ""

    def find(self, name: str) -> NamedStatement | None:
        """Return the first statement of that name in the block."""
        return next((one for one in self.block if one.name == name), None)

    def value_of(self, name: str) -> str | None:
        """Return the second word of the first statement of that name in the block."""
        found = self.find(name)
        return found.words[1] if found and len(found.words) > 1 else None


@dataclass(slots=True)
class _Open:
    """A statement or block that is being read."""

    line: int = 0
    words: list[str] = field(default_factory=list)
    block: list[NamedStatement] = field(default_factory=list)


def parse_statements(text: str) -> list[NamedStatement]:
    """Return the statements of the text; raise InvalidValue, with the line, if it is not a named.conf."""
    top: list[NamedStatement] = []
    current, outer = _Open(), list[tuple[list[NamedStatement], _Open]]()
    target = top
    for line, kind, word in _tokens(text):
        if kind != "sign":
            current.line = current.line or line
            current.words.append(word)
        elif word == "{":
            if len(outer) >= MAX_DEPTH:
                raise InvalidValue(f"line {line}: more than {MAX_DEPTH} blocks within one another")
            outer.append((target, current))
            current.line = current.line or line
            target, current = current.block, _Open()
        elif word == ";":
            if current.line:
                target.append(NamedStatement(current.line, tuple(current.words), tuple(current.block)))
            current = _Open()
        elif not outer or current.line:
            raise InvalidValue(f"line {line}: unexpected }}" + (", a ; is missing before it" if current.line else ""))
        else:
            target, current = outer.pop()
    if outer or current.line:
        open_line = outer[-1][1].line if outer else current.line
        raise InvalidValue(f"line {open_line}: the statement does not end: a ; or }} is missing")
    return top


def _tokens(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, kind and text of each token."""
    position, line = 0, 1
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise InvalidValue(f"line {line}: a comment or a quoted string does not end")
        kind = found.lastgroup or ""
        if kind != "skipped":
            yield line, kind, _ESCAPE.sub(r"\1", found[kind]) if kind == "quoted" else found[kind]
        line += text.count("\n", position, found.end())
        position = found.end()


_ZONE_STATEMENT = re.compile(
    r'^\s*(?:include\s+"|(?:options|acl\s+\S+|view\s+\S+|zone\s+\S+)(?:\s+IN)?\s*\{)', re.MULTILINE
)


def is_named_conf(text: str) -> bool:
    """Return whether a line of the text begins a statement of a named.conf."""
    return _ZONE_STATEMENT.search(text) is not None
