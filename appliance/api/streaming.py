"""JSON with a list of any length, written piece by piece: what is in memory does not grow with the list.

It is written to a temporary file before the response begins, so that neither a snapshot of the store nor a thread waits
for a slow client, and an error is still answered as one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, Any

from flask import Response, json

from appliance.api.presentation import JSON
from appliance.errors import StoreError

MAX_IN_MEMORY = 1024 * 1024
"""Octets of a response that are not written to disk."""
_PIECE = 64 * 1024


def array(items: Iterable[JSON]) -> Iterator[str]:
    """Yield the pieces of a JSON array."""
    separator = "["
    for item in items:
        yield separator + _dump(item)
        separator = ","
    yield "[]" if separator == "[" else "]"


def object_with_array(document: JSON, name: str, items: Iterable[JSON]) -> Iterator[str]:
    """Yield the pieces of a JSON object whose field `name` is an array of these items instead of its own value."""
    separator = "{"
    for key, value in document.items():
        yield f"{separator}{_dump(key)}:"
        yield from array(items) if key == name else (_dump(value),)
        separator = ","
    yield "}"


def respond(pieces: Iterable[str]) -> Response:
    """Return a response with the JSON of these pieces; they are all read before it returns.

    Raise StoreError if it is long and its temporary file cannot be written, such as on a full disk.
    """
    file = tempfile.SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    try:
        for piece in pieces:
            file.write(piece.encode(errors="surrogatepass"))
        size = file.write(b"\n") and file.tell()
        file.seek(0)
    except BaseException as failed:
        with suppress(OSError):  # it may try again to write what it holds
            file.close()
        if isinstance(failed, OSError):
            raise StoreError(f"the temporary file of a long response cannot be written: {failed.strerror}") from failed
        raise
    response = Response(_parts(file), mimetype="application/json")
    response.content_length = size
    response.call_on_close(file.close)  # of a response whose body nobody reads, too
    return response


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PIECE):
            yield part


def _dump(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, separators=(",", ":"))
