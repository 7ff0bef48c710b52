"""Worst-case inputs: every compiled pattern and every parser against strings that are slow to refuse.

`python -m tests.slow_inputs` prints the slowest string for each, at the maximum length in a request.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dns.name

import appliance
from appliance.api.parsing import parse_uuid
from appliance.editing.requests import check_comment
from appliance.errors import InputError
from appliance.serving import MAX_HEADER
from appliance.web.deployment_wait import preferred_wait
from appliance.web.front_doors import MAX_BODY
from appliance.web.json_body import read_object
from appliance.web.rate_limits import client_network
from appliance.zones.names import parse_domain, parse_owner
from appliance.zones.rdata import TYPES, has_priority, parse_rdata, parse_type
from appliance.zones.zone_file_reader import read_zone_file

MAX_CHARACTERS = max(rdata_format.max_characters for rdata_format in TYPES.values())
ORIGIN = dns.name.from_text("example.com.")
MAX_LENGTHS = {
    "appliance.api.auth": MAX_HEADER,
    "appliance.web.http_hardening": MAX_HEADER,
    "appliance.web.request_credentials": MAX_HEADER,
    "appliance.web.deployment_wait": 500,
    "appliance.zones.names": 253,
    "appliance.zones.rdata": MAX_CHARACTERS,
    "appliance.zones.character_strings": MAX_CHARACTERS,
    "appliance.zones.bind_limits": 255,
    "appliance.zones.substitutions": 255,
}
"""The maximum length of input for the patterns of each module that parses requests."""
DEFAULT_LENGTH = 4096
"""Length for the patterns of other modules, whose input comes from operators and programs."""
_LETTERS = 'a0 .-"\\,;=([?*é'
_REPEATED = tuple(dict.fromkeys("".join(dict.fromkeys(pair)) for pair in itertools.product(_LETTERS, repeat=2)))
_ENDS = ("", "!", '"', "\0")
"""One or two repeated characters, and an end at which a match fails."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function that parses text, the maximum length of its input, and how its inputs begin."""

    name: str
    read: Callable[[str], object]
    longest: int
    starts: tuple[str, ...] = ("",)

    def seconds(self, text: str) -> float:
        """Return how long the call takes, whether or not it refuses the text."""
        began = time.perf_counter()
        with suppress(InputError):
            self.read(text)
        return time.perf_counter() - began

    def slowest(self, length: int, tried: int = 4) -> tuple[float, str]:
        """Return the slowest text of that length, among those that were slowest when short, and its time in seconds."""
        short = min(length, 300)
        recipes = [(start, again, end) for start in self.starts for again in _REPEATED for end in _ENDS]
        recipes.sort(key=lambda recipe: self.seconds(_text(recipe, short)), reverse=True)
        texts = [_text(recipe, length) for recipe in recipes[:tried]]
        return max((min(self.seconds(text) for _ in range(2)), text) for text in texts)


def patterns() -> Iterator[Call]:
    """Yield every compiled pattern of the package, used as its module uses it."""
    for found in pkgutil.walk_packages(appliance.__path__, "appliance."):
        if found.name.endswith("__main__") or ".migrations" in found.name:
            continue
        module = importlib.import_module(found.name)
        source = inspect.getsource(module)
        for name, pattern in vars(module).items():
            if isinstance(pattern, re.Pattern) and re.search(rf"^{name} = ", source, re.MULTILINE):
                for method in sorted(set(re.findall(rf"\b{name}\.(\w+)\(", source))):
                    longest = MAX_LENGTHS.get(found.name, DEFAULT_LENGTH)
                    yield Call(f"{found.name}.{name}.{method}", _using(pattern, method), longest)


def parsers() -> Iterator[Call]:
    """Yield every parser of input from requests."""
    yield Call("parse_domain", parse_domain, MAX_BODY)
    yield Call("parse_owner", lambda text: parse_owner(text, ORIGIN), MAX_BODY, ("", "*."))
    yield Call("parse_type", parse_type, MAX_BODY)
    yield Call("check_comment", check_comment, MAX_BODY)
    yield Call("preferred_wait", preferred_wait, MAX_HEADER, ("", "wait=", '"'))
    yield Call("parse_uuid", parse_uuid, MAX_HEADER)
    yield Call("client_network", client_network, MAX_HEADER)
    yield Call("read_object", lambda text: read_object(text.encode()), MAX_BODY, ("", '{"a":', '{"a":"', '{"a":[1'))
    zone_file = functools.partial(read_zone_file, origin=ORIGIN, limit=1_000)
    yield Call("read_zone_file", zone_file, 20_000, ("", "a TXT ", "$GENERATE 1-9 a$ TXT ", "a MX 1 "))
    starts = ("", '"', "0 ", "1 . key667=", '1 1 "', "3 1 1 ")
    for rdtype, rdata_format in TYPES.items():
        read = _content(rdtype.name, 10 if has_priority(rdtype) else None)
        yield Call(f"parse_rdata {rdtype.name}", read, rdata_format.max_characters, starts)


def _using(pattern: re.Pattern[Any], method: str) -> Callable[[str], object]:
    use: Callable[..., Any] = getattr(pattern, method)
    if isinstance(pattern.pattern, bytes):
        return (lambda text: use(b"", text.encode())) if method == "sub" else lambda text: use(text.encode())
    if method.startswith("sub"):
        return lambda text: use("", text)
    return (lambda text: list(use(text))) if method == "finditer" else use


def _content(record_type: str, priority: int | None) -> Callable[[str], object]:
    return lambda value: parse_rdata(record_type, value, priority, ORIGIN)


def _text(recipe: tuple[str, str, str], length: int) -> str:
    start, again, end = recipe
    room = length - len(start) - len(end)
    return start + (again * (room // len(again) + 1))[:room] + end


def main() -> None:
    """Print the slowest text for each pattern and parser."""
    for call in (*patterns(), *parsers()):
        seconds, text = call.slowest(call.longest)
        print(f"{seconds * 1000:9.3f} ms {call.longest:7d} characters  {call.name}  {text[:8]!r}...{text[-3:]!r}")  # noqa: T201


if __name__ == "__main__":
    main()
