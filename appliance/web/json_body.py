"""The body of the current request, up to the limit of its front door, and JSON objects in octets.

What JSON parsers commonly accept is refused: duplicate keys, NaN, encodings other than UTF-8, deep nesting.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from appliance.errors import InputError
from appliance.web.front_doors import body_limit

_MAX_INTEGER_LENGTH = 20
"""Characters of the longest integer that is parsed as one; a longer one becomes a float, which no field accepts."""


def read_octets(req: Request) -> bytes:
    """Return the body of the request, whatever its media type; raise RequestEntityTooLarge."""
    most = body_limit()
    req.max_content_length = most + 1
    octets = req.get_data(cache=False)
    if len(octets) > most:  # a body of unknown length is cut at the limit of the server, without an error
        raise RequestEntityTooLarge
    return octets


def read_object(octets: bytes) -> dict[str, Any]:
    """Return the JSON object in the octets; raise InputError if they are anything else."""
    document = read_json(octets)
    if not isinstance(document, dict):
        raise InputError("the body must be a JSON object")
    return document


def read_json(octets: bytes) -> Any:  # noqa: ANN401 - whatever JSON has
    """Return the JSON value in the octets; raise InputError if they are none."""
    try:
        return json.loads(
            octets.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_read_int
        )
    except UnicodeDecodeError:
        raise InputError("the body is not UTF-8") from None
    except RecursionError:
        raise InputError("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise InputError(f"the body is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise InputError(f"the body has the field {twice!r} more than once", twice)
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"{name} is not a JSON number")


def _read_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_INTEGER_LENGTH else float(digits)
