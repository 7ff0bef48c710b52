"""`$GENERATE`: the expected values are what named-compilezone 9.18 makes of the same directives."""

from __future__ import annotations

import pytest

from appliance.errors import InputError
from appliance.zones.generate import MAX_GENERATED, generated


@pytest.mark.parametrize(
    ("numbers", "owner", "expected"),
    [
        ("1-3", "node$", ["node1", "node2", "node3"]),
        ("0-8/4", "$", ["0", "4", "8"]),
        ("8-9", "rack${0,3,d}.dc", ["rack008.dc", "rack009.dc"]),
        ("5-5", "${-3}", ["2"]),
        ("1-1", "${-3,4}", ["-002"]),
        ("9-10", "${+1,2,x}-${0,0,o}", ["0a-11", "0b-12"]),
        ("255-255", "${0,1,X}", ["FF"]),
        ("18-18", "${0,3,n}", ["2.1"]),
        ("4097-4097", "${0,1,N}", ["1.0.0.1"]),
        ("13-13", "${0,4,n}x", ["d.0.x"]),
        ("1-1", "a$$.$", ["a$.1"]),
        ("1-1", r"b\$$", [r"b\$1"]),
        ("7-7", "same", ["same"]),
    ],
)
def test_owners(numbers: str, owner: str, expected: list[str]) -> None:
    assert [name for name, _ in generated(numbers, owner, "x")] == expected


def test_data_in_quotes_has_several_fields() -> None:
    assert list(generated("1-2", "@", '"10 mx$"')) == [("@", "10 mx1"), ("@", "10 mx2")]
    assert list(generated("1-1", "@", r'"0 issue \"ca$\""')) == [("@", '0 issue "ca1"')]


@pytest.mark.parametrize(
    "numbers", ["3-1", "1-2/0", "1", "a-b", "1-", "1-2/3/4", "-1-3", f"0-{MAX_GENERATED}", "0-2147483648"]
)
def test_refused_ranges(numbers: str) -> None:
    with pytest.raises(InputError, match="range"):
        list(generated(numbers, "$", "$"))


@pytest.mark.parametrize("modifier", ["{}", "{a}", "{0,127}", "{0,2,q}", "{0,2,d,4}", "{0,-1}"])
def test_refused_modifiers(modifier: str) -> None:
    with pytest.raises(InputError, match="modifier"):
        list(generated("1-2", f"${modifier}", "x"))


def test_as_many_as_are_allowed() -> None:
    assert len(list(generated(f"1-{MAX_GENERATED}", "$", "$"))) == MAX_GENERATED
