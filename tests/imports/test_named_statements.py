"""The statements of a named.conf."""

from __future__ import annotations

import pytest

from appliance.errors import InvalidValue
from appliance.imports.named_statements import MAX_DEPTH, is_named_conf, parse_statements

TEXT = r"""
// one comment
/* another } one */ options { directory "/var/cache/bind"; # and one more
    listen-on port 53 { 127.0.0.1; 10.0.0.0/8; };
};;
controls { inet 127.0.0.1 allow { localhost; } keys { "rndc-key"; }; };
zone "Example.COM" IN { type master; file "db.with \"quotes\" and ; }"; };
"""


def test_statements_have_words_blocks_and_lines() -> None:
    options, controls, zone = parse_statements(TEXT)
    assert (options.name, options.line) == ("options", 3)
    assert options.value_of("directory") == "/var/cache/bind"
    listen = options.find("listen-on")
    assert listen
    assert [one.words for one in listen.block] == [("127.0.0.1",), ("10.0.0.0/8",)]
    inet = controls.find("inet")
    assert inet
    assert (inet.words, len(inet.block)) == (("inet", "127.0.0.1", "allow", "keys"), 2)
    assert (zone.words, zone.line) == (("zone", "Example.COM", "IN"), 7)
    assert zone.value_of("file") == 'db.with "quotes" and ; }'
    assert zone.value_of("masterfile-format") is None


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('options {\n directory "a" }', r"line 2: unexpected }, a ; is missing"),
        ("}", "line 1: unexpected }"),
        ('a;\nzone "x" {', "line 2: the statement does not end"),
        ("a;\nb", "line 2: the statement does not end"),
        ("a;\n/* b", "line 2: a comment or a quoted string does not end"),
        ('a "b', "line 1: a comment or a quoted string does not end"),
        ("a { " * (MAX_DEPTH + 1), f"line 1: more than {MAX_DEPTH} blocks"),
    ],
)
def test_text_that_is_no_configuration(text: str, detail: str) -> None:
    with pytest.raises(InvalidValue, match=detail):
        parse_statements(text)


def test_what_looks_like_a_configuration() -> None:
    assert is_named_conf(TEXT)
    assert is_named_conf('// all\ninclude "/etc/bind/named.conf.options";\n')
    assert not is_named_conf("$TTL 300\n@ SOA a. b. 1 2 3 4 5\nzone TXT text\n")
    assert not is_named_conf("")
