"""TXT records as programs print them for zone files."""

from __future__ import annotations

import pytest

from appliance.console.pasted import unwrap
from appliance.errors import InputError

OPENDKIM = """default._domainkey\tIN\tTXT\t( "v=DKIM1; h=sha256; k=rsa; "
\t  "p=AA"
\t  "AA" )  ; ----- DKIM key default for example.com"""


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ('( "v=DKIM1; k=rsa; " "p=AAAA" )', "v=DKIM1; k=rsa; p=AAAA"),
        ('("a"\r\n\t"b")\r\n', "ab"),
        (OPENDKIM, "v=DKIM1; h=sha256; k=rsa; p=AAAA"),
        (OPENDKIM.replace("\n", "\r\n"), "v=DKIM1; h=sha256; k=rsa; p=AAAA"),
        (OPENDKIM.replace("\tIN\t", " 3600 IN "), "v=DKIM1; h=sha256; k=rsa; p=AAAA"),
        ('; a key\nTXT ( "a" ; one\n "b" ; two\n)', "ab"),
        (r'( "a \"b\" \\ (c; d)" )', r'a "b" \ (c; d)'),
        (r'( "\255" )', r'"\255"'),
        ('( "" )', '""'),
        ('TXT "a" "b"', "ab"),
    ],
)
def test_brackets_comments_and_quotes_are_removed(text: str, joined: str) -> None:
    assert unwrap(text, "default._domainkey", "example.com") == joined


@pytest.mark.parametrize(
    "text",
    ["", "plain", '"a" "b"', "(plain)", '( "a"', '"a" )', '( "a" ) b', '( "a )', 'x ( "a" )', "( )", '("a")("b")'],
)
def test_any_other_text_is_left_alone(text: str) -> None:
    assert unwrap(text, "@", "example.com") is None


def test_only_brackets_may_be_required() -> None:
    for text, unwrapped in (('TXT "a"', None), ('TXT ("a")', "a")):
        assert unwrap(text, "@", "example.com", only_brackets=True) == unwrapped


def test_the_name_in_front_must_be_that_of_the_form() -> None:
    for name in ("default._domainkey", "Default._domainkey.example.com."):
        assert unwrap(OPENDKIM, name, "example.com")
    for name in ("mail._domainkey", "default", "@"):
        with pytest.raises(InputError, match=r"for default\._domainkey: enter that name") as refused:
            unwrap(OPENDKIM, name, "example.com")
        assert refused.value.field == "name"


def test_long_text_without_an_end_is_read_in_one_pass() -> None:
    for text in ("(" + '"a" ' * 20_000, "; " * 50_000, "a " * 50_000):
        assert unwrap(text, "@", "example.com") is None
