"""Random text: seeds that are cut, joined, repeated, and mixed with tokens that parsers often mishandle."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

TOKENS = (
    *(
        '"',
        "\\",
        '\\"',
        "\\\\",
        "\\000",
        "\\255",
        "\\256",
        "\\03",
        ";",
        "(",
        ")",
        "#",
        "\\# 4 c0000201",
        "@",
        "*",
        "*.",
    ),
    *(".", "..", "/", "-", "_", " ", "  ", "\t", "\n", "\r", "\0", "\x7f", "\x85", "\u200f", "\u2028", "\ud800", "%"),
    *("xn--", "xn--bcher-kva", "ü", "ß", "İ", "K", "．", "。", "１", "٣", "é", "\u0301", "😀", "\U0010ffff"),
    *("0", "00", "-1", "65535", "65536", "255", "256", "4294967296", "9" * 30, "1e9", "0x1", "1_0", "NaN", "Infinity"),
    *(
        "$INCLUDE /etc/passwd",
        "$TTL 1",
        "IN",
        "=",
        ",",
        "key65535",
        "mandatory",
        "alpn",
        "ipv4hint=",
        "dohpath=/{?dns}",
    ),
    *("!", "!^.*$!x!", "[", "]", "[^]-a]", "{", "}", "{1,9}", "|", "+", "?", "^", "$", "\\1", "(a", "null", "true"),
    *(":", "::", "1.2.3.4", "example.com", "a" * 63, "a" * 64, "in-addr.arpa", "wait=5", '{"a":1}', '"a":', "'", "<"),
)
MAX_LENGTH = 250_000
"""Characters of the few very long texts; no request body or header is longer."""
_LONG_ONE_IN = 1_000


def random_text(random: Random, seeds: Sequence[str]) -> str:
    """Return a mutation of a seed, sometimes a very long text."""
    if random.random() < 1 / _LONG_ONE_IN:
        return _long(random, seeds)
    text = random.choice(seeds)
    for _ in range(int(random.expovariate(0.5)) + 1):
        text = _mutated(random, text, seeds)
    return text


def _mutated(random: Random, text: str, seeds: Sequence[str]) -> str:
    at = int(random.random() * (len(text) + 1))
    to = min(len(text), at + int(random.expovariate(0.3)))
    match int(random.random() * 7):
        case 0:
            return text[:at] + text[to:]
        case 1:
            return text[:to] + text[at:]
        case 2:
            other = random.choice(seeds)
            return text[:at] + other[int(random.random() * (len(other) + 1)) :]
        case 3:
            return text[:at] + _char(random) + text[to:]
        case 4:
            return text[:at] + text[at:to] * int(1 + random.expovariate(0.1)) + text[to:]
        case _:
            return text[:at] + random.choice(TOKENS) + text[at:]


def _char(random: Random) -> str:
    ends = (0x80, 0x100, 0x3000, 0x110000)
    return chr(int(random.random() * random.choice(ends)))


def _long(random: Random, seeds: Sequence[str]) -> str:
    """Return a long repetition of a seed or of tokens, which slows down a careless regular expression."""
    piece = random.choice(seeds) if random.random() < 0.3 else "".join(random.choices(TOKENS, k=random.randint(1, 3)))
    length = int(10 ** (2 + 3.4 * random.random()))
    head, tail = random.choice(seeds), random.choice(TOKENS)
    return (head[: len(head) // 2] + piece * (length // max(1, len(piece))))[: MAX_LENGTH - len(tail)] + tail
