"""Reading what was sent: strict JSON bodies and query strings, as flask-smorest's argument parser, and uuids.

Refused are other media types (415), bodies over the limit (413), and all that JSON parsers commonly let pass:
duplicate keys, NaN, other encodings than UTF-8, nesting without end (400). Every refusal names the field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

import flask_smorest
import marshmallow as ma
from flask import Request
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from appliance.errors import InputError, NotFound

MAX_BODY = 256 * 1024
"""Octets of a JSON body."""
_LONGEST_NUMBER = 20
"""Digits of the longest whole number that any field could take; a longer one becomes a float, which none takes."""


class StrictParser(FlaskParser):
    """webargs' parser with our reading of bodies and our errors."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": None, "query": ma.RAISE}  # noqa: RUF012 - as inherited

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ANN401, ARG002 - as inherited
        """The body as an object."""
        if req.mimetype != "application/json":
            raise UnsupportedMediaType
        octets = req.get_data(cache=False)
        if len(octets) > MAX_BODY:  # a body of unknown length is cut at the server's limit, without an error
            raise RequestEntityTooLarge
        return read_object(octets)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ANN401 - as inherited
        """The query parameters, each given once at most."""
        for name, values in req.args.lists():
            if len(values) > 1:
                raise InputError(f"{name} is given more than once", name)
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,  # noqa: ARG002
        schema: ma.Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> NoReturn:
        """The first thing that the schema found wrong, as an InputError on its field."""
        messages = error.messages
        raise _first_error(next(iter(messages.values())) if isinstance(messages, dict) else messages)


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose calls read their arguments strictly."""

    ARGUMENTS_PARSER = StrictParser()
    PAGINATION_ARGUMENTS_PARSER = StrictParser()


def read_object(octets: bytes) -> dict[str, Any]:
    """The JSON object in these octets; InputError for everything else."""
    try:
        document = json.loads(
            octets.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_read_int
        )
    except UnicodeDecodeError:
        raise InputError("the body is not UTF-8") from None
    except RecursionError:
        raise InputError("the body is nested too deep") from None
    except json.JSONDecodeError as refused:
        raise InputError(f"the body is not JSON: {refused}") from None
    if not isinstance(document, dict):
        raise InputError("the body must be a JSON object")
    return document


def read_uuid(text: str) -> UUID | None:
    """The uuid in its usual form, in any letter case, or None."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def uuid_of(what: str, text: str) -> UUID:
    """The uuid of a zone or a record; a text that is none is that of nothing: NotFound."""
    found = read_uuid(text)
    if found is None:
        raise NotFound(f"there is no such {what}")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise InputError(f"the body names {name} more than once", name)
        document[name] = value
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"{name} is not a JSON number")


def _read_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


def _first_error(messages: Any, path: tuple[str, ...] = ()) -> InputError:  # noqa: ANN401 - nested as the input is
    """marshmallow's nested messages as one error with the path of its field."""
    if isinstance(messages, Mapping):
        name, inner = next(iter(messages.items()))
        return _first_error(inner, path if name == "_schema" else (*path, str(name)))
    if isinstance(messages, list | tuple):
        return _first_error(messages[0], path)
    field = ".".join(path) or None
    return InputError(f"{field}: {messages}" if field else str(messages), field)
