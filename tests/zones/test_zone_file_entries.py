from __future__ import annotations

import pytest

from appliance.errors import InputError
from appliance.zones.zone_file_entries import MAX_ENTRY_CHARACTERS, character_strings, entries_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b c", [(1, False, ["a", "b", "c"])]),
        ("\n\n;c\n \t \na  b ; c\n\tb\n", [(5, False, ["a", "b"]), (6, True, ["b"])]),
        ("a ( b ; one )\n\n c\n) d\ne", [(1, False, ["a", "b", "c", "d"]), (5, False, ["e"])]),
        ("a((b)(\n(c)))d", [(1, False, ["a", "b", "c", "d"])]),
        ("(a\nb)", [(1, False, ["a", "b"])]),
        (r'a "b ; ( c" d\;e\ f\"g', [(1, False, ["a", '"b ; ( c"', r"d\;e\ f\"g"])]),
        (r'a="b,c" "d\"e""f"', [(1, False, ['a="b,c"', r'"d\"e""f"'])]),
        ("a;b", [(1, False, ["a"])]),
        ("", []),
        (" ; nothing", []),
    ],
)
def test_entries(text: str, expected: list[tuple[int, bool, list[str]]]) -> None:
    assert [(one.line, one.is_continued, one.words) for one in entries_of(text)] == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb (\n(c)\n", 2),
        ("a\nb )\n", 2),
        ('a\n\nb "c\n', 3),
        ('a (\n"c\n")', 2),
        ("a\n\\\nb", 2),
        ("a\nb\\", 2),
        (f"a\nb {'c' * MAX_ENTRY_CHARACTERS}", 2),
        ("a\nb (" + "c\n" * MAX_ENTRY_CHARACTERS, 2),
    ],
)
def test_what_cannot_be_read_names_its_line(text: str, line: int) -> None:
    with pytest.raises(InputError) as refused:
        list(entries_of(text))
    assert refused.value.field == f"line.{line}"


def test_quoted_and_unquoted_strings_of_a_word() -> None:
    assert character_strings(r'a\"b"c"\100d"e\"f""g"') == [r"a\"b", '"c"', r"\100d", r'"e\"f"', '"g"']
