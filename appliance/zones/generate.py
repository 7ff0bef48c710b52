"""The records of a `$GENERATE` directive, as BIND makes them.

    $GENERATE 1-3 node${0,2} A 192.0.2.$    ->    node01 A 192.0.2.1, node02 A 192.0.2.2, node03 A 192.0.2.3

`$` is the number, `$$` a dollar sign, `${offset,width,base}` the number with an offset, padded with zeros, in the base
`d`, `o`, `x` or `X`; `n` and `N` are hexadecimal nibbles, the last one first, as reverse zones of IPv6 have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.errors import InputError

MAX_GENERATED = 65_536
"""Maximum number of records of one directive."""
_MAX_WIDTH = 126
_MAX_NUMBER = 2**31 - 1
_MAX_UNSIGNED = 2**32 - 1
_RANGE = re.compile(r"([0-9]{1,10})-([0-9]{1,10})(?:/([0-9]{1,10}))?")
_PART = re.compile(r"\\.|\$\$|\$\{([^}]*+)\}|\$")
_MODIFIER = re.compile(r"([+-]?[0-9]{1,10})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?")


def generated(numbers: str, owner: str, data: str) -> Iterator[tuple[str, str]]:
    """Yield owner and data of each record; `data` is one word, in quotes if it has several fields.

    Raise InputError if the range of numbers or a modifier is not valid, or there are too many records.
    """
    data = data[1:-1].replace('\\"', '"') if data[0] == '"' else data
    for number in _range(numbers):
        yield _substitute(owner, number), _substitute(data, number)


def _range(text: str) -> range:
    found = _RANGE.fullmatch(text)
    first, last, step = map(int, found.groups("1")) if found else (1, 0, 1)
    if not (first <= last <= _MAX_NUMBER and 0 < step <= _MAX_NUMBER):
        raise InputError(f"the range {text[:80]!r} is not valid: write first-last or first-last/step, as in 0-8/2")
    numbers = range(first, last + 1, step)
    if len(numbers) > MAX_GENERATED:
        raise InputError(f"the range {text} has {len(numbers)} numbers; at most {MAX_GENERATED} are allowed")
    return numbers


def _substitute(template: str, number: int) -> str:
    def part(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return found[0] if found[0].startswith("\\") else _print(number, found[1])

    return _PART.sub(part, template)


def _print(number: int, modifier: str | None) -> str:
    """Return the number as the modifier says, without one in decimal."""
    if modifier is None:
        return str(number)
    found = _MODIFIER.fullmatch(modifier)
    width, base = (int(found[2] or 0), found[3] or "d") if found else (_MAX_WIDTH + 1, "d")
    if found is None or width > _MAX_WIDTH:
        raise InputError(
            f"the modifier {modifier[:80]!r} of $GENERATE is not valid: write offset, width (at most {_MAX_WIDTH}) and "
            "base, which is d, o, x, X, n or N, such as ${0,2,d}"
        )
    shifted = number + int(found[1])
    if base in "nN":
        return _nibbles(shifted, width, base)
    return f"{shifted if base == 'd' else shifted & _MAX_UNSIGNED:0{width}{base}}"


def _nibbles(number: int, width: int, base: str) -> str:
    """Return the hexadecimal digits, the last one first, with dots between them; the width counts the dots too.

    An even width ends in a dot, as in BIND.
    """
    digits = f"{number & _MAX_UNSIGNED:{'x' if base == 'n' else 'X'}}"[::-1]
    is_open = width and width % 2 == 0 and len(digits) <= width // 2
    return ".".join(digits.ljust((width + 1) // 2, "0")) + ("." if is_open else "")
