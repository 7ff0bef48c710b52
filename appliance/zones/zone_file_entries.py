r"""The entries of a zone file: its text in words, without comments and brackets (RFC 1035 section 5.1).

    www 300 IN TXT ( "one" ; the first
                     two )               ->  line 1: www, 300, IN, TXT, "one", two

A word is as it is written, with quotes and escapes. One regular expression reads the text in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.errors import InputError
from appliance.zones.rdata import MAX_OCTETS

MAX_ENTRY_CHARACTERS = 5 * MAX_OCTETS + 1_000
"""Maximum length of one entry: that of the longest value of a record."""

_QUOTED = r'"(?:[^"\\\n]++|\\[^\n])*+"'
_WORD = rf'(?:{_QUOTED}|\\[^\n]|[^ \t\n"();\\]++)++'
_COMMENT = r"(?:;[^\n]*+)?"
_TOKEN = re.compile(
    rf"(?P<blank>[ \t]*+)(?:(?P<word>{_WORD})|(?P<end>{_COMMENT}(?:\Z|\n(?:[ \t]*+{_COMMENT}\n)*+))|(?P<other>.))"
)
_PIECE = re.compile(rf'{_QUOTED}|(?:\\[^\n]|[^"\\])++')


@dataclass(slots=True)
class Entry:
    """One entry: the line where it starts, its words, and whether it starts with a blank in place of an owner."""

    line: int
    is_continued: bool
    words: list[str] = field(default_factory=list)
    characters: int = 0

    def append(self, word: str) -> None:
        """Add a word; raise InputError if the entry becomes too long."""
        self.characters += len(word)
        if self.characters > MAX_ENTRY_CHARACTERS:
            raise line_error(f"a record may have at most {MAX_ENTRY_CHARACTERS} characters", self.line)
        self.words.append(word)


def line_error(detail: str, line: int) -> InputError:
    """Return the error for a line of the file, counted from 1."""
    return InputError(detail, f"line.{line}")


def entries_of(text: str) -> Iterator[Entry]:
    """Yield the entries of a zone file with line feeds; raise InputError for what cannot be read.

    The last owner is valid for an entry that starts with a space or a tab.
    """
    line, depth, opened, entry = 1, 0, 0, None
    for token in _TOKEN.finditer(text):
        if token["end"] is not None:
            line += token["end"].count("\n")
            if entry and not depth:
                yield entry
                entry = None
            continue
        entry = entry or Entry(line, is_continued=bool(token["blank"]))
        if token["word"]:
            entry.append(token["word"])
        elif token["other"] == "(":
            depth, opened = depth + 1, opened if depth else line
        elif token["other"] == ")" and depth:
            depth -= 1
        else:
            raise line_error(_REASONS[token["other"]], line)
    if depth:
        raise line_error("the bracket that is opened here is not closed", opened)


def character_strings(word: str) -> list[str]:
    r"""Return the quoted and unquoted pieces of a word: `"a"b` are two."""
    return _PIECE.findall(word)


_REASONS = {
    '"': "the quote that is opened on this line is not closed on it",
    ")": "a bracket is closed here that was not opened",
    "\\": "a backslash is the last character of the file or the line",
}
