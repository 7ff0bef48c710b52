"""Substitutions of NAPTR records: BIND loads what is accepted, and refuses what is not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random
from secrets import randbelow

import pytest

from appliance.zones.character_strings import print_quoted
from appliance.zones.substitutions import count_groups, is_substitution
from tests.pair import program

SOA = "example.com. 60 IN SOA ns1.example.org. h.example.org. 1 3600 300 2419200 300\n"
ACCEPTED = [
    r"!^cid:.+@([^\.]+\.)(.*)$!\2!i",
    r"!^\+44(.*)$!sip:\1@a.b!ii",
    *("/a/b/", "!a!!", "!é!b!", "!a!\\\\!", "!a!\\!!", r"!\a!b!", "!(a|b|(c))!\\2!", r"!(a)\1!b!", "!()!b!", "!)!b!"),
    *(
        "!a{2}!b!",
        "!a{2,}!b!",
        "!a{2,3}b!c!",
        "!a{0,255}!b!",
        "!{a}!b!",
        "!a{b!c!",
        "!a}!b!",
        "!^!b!",
    ),
    *("![]a]!b!", "![^]a]!b!", "![a-]!b!", "![-a]!b!", "![a^]!b!", r"![\]!b!", "![[a]!b!", "![a-z0-9._]!b!"),
    *(
        "![[:alpha:]_]!b!",
        "![^[:digit:]]!b!",
        "![[.x.]]!b!",
        "![[=a=]]!b!",
        "![[.space.]]!b!",
        "![%--]!b!",
        "![--z]!b!",
    ),
]
REFUSED = [
    *(
        "",
        "a",
        "!a!b",
        "!a",
        "!!b!",
        "!a!b!x",
        "!a!b!c!",
        "1a1b1",
        "iaibi",
        "\\a\\b\\",
        "!a!b\\0!",
        "!a\\!b!",
        "!a!b\\",
    ),
    *("!a!\\1!", "!(a)!\\2!", r"!\1(a)!b!", "!(a!b!", "!a**!b!", "!*a!b!", "!^*!b!", "!a|!b!", "!|a!b!", "!a||b!c!"),
    *(
        "!(|a)!b!",
        "!(a|)!b!",
        "!a{2!b!",
        "!a{3,2}!b!",
        "!a{256}!b!",
        "!a{1,256}!b!",
        "!a{2}{3}!b!",
        "!{2}!b!",
        "!a{1,2,3}!b!",
    ),
    *("![a!b!", "![]!b!", "![^]!b!", "![z-a]!b!", "![a-z-]!b!", "![a--b]!b!", "![a-[:alpha:]]!b!", "![[:foo:]]!b!"),
    *("!([a-z])[[:alpha:]-^]!b!", "![[..]]!b!", "![[=]!b!", "![[.x]!b!"),
]
PARTS = (
    *(
        "a",
        "b",
        "z",
        "-",
        "^",
        "$",
        "[",
        "]",
        "(",
        ")",
        "|",
        "*",
        "+",
        "?",
        "{",
        "}",
        "{2}",
        "{1,3}",
        "\\",
        "\\1",
        "\\.",
    ),
    *("[a-z]", "[^a]", "[]a]", "[[:alpha:]]", "[[.x.]]", "[[=a=]]", "0", ",", "."),
)


def load(folder: Path, *texts: str) -> subprocess.CompletedProcess[str]:
    """Let named-checkzone read a zone with these substitutions."""
    strings = (print_quoted((text.encode("latin-1"),)) for text in texts)
    lines = (f'h{number}.example.com. 60 IN NAPTR 1 1 "u" "x" {string} .\n' for number, string in enumerate(strings))
    file = folder / "zone"
    file.write_text(f"{SOA}example.com. 60 IN NS ns1.example.org.\n{''.join(lines)}")
    argv = (program("named-checkzone"), "example.com", str(file))
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def test_bind_loads_what_is_accepted(tmp_path: Path) -> None:
    assert [text for text in ACCEPTED if not is_substitution(text)] == []
    checked = load(tmp_path, *ACCEPTED)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text: str) -> None:
    assert not is_substitution(text)


def test_bind_refuses_each_of_these_too(tmp_path: Path) -> None:
    for text in REFUSED[1::8]:  # a process each; an empty one is no substitution, but valid in the record
        assert load(tmp_path, text).returncode != 0, text


def test_bind_loads_random_ones_that_are_accepted(tmp_path: Path) -> None:
    seed = randbelow(10**6)
    random = Random(seed)
    texts = (f"!{''.join(random.choices(PARTS, k=random.randint(1, 8)))}!b!" for _ in range(20_000))
    accepted = [text for text in texts if is_substitution(text)]
    assert len(accepted) > 500
    checked = load(tmp_path, *accepted)
    assert checked.returncode == 0, (seed, checked.stdout)


def test_groups_are_counted() -> None:
    assert [count_groups(pattern) for pattern in ("a", "(a)", "((a)(b))", "\\(a", "(a", "")] == [0, 1, 3, 0, None, None]
