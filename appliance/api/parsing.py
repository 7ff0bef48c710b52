"""Strict parsing of JSON bodies, query strings and uuids, as the argument parser of flask-smorest.

It refuses other media types (415), bodies over the limit (413), and what JSON parsers commonly accept (400): duplicate
keys, NaN, encodings other than UTF-8, deep nesting. Errors name the field where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

import flask_smorest
import marshmallow as ma
from flask import Request
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from appliance.errors import InputError, NotFound
from appliance.web.json_body import read_object, read_octets


class StrictParser(FlaskParser):
    """The parser of webargs with our JSON parser and our errors."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": None, "query": ma.RAISE}  # noqa: RUF012 - as inherited

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ANN401, ARG002 - as inherited
        """Return the body, a JSON object."""
        return read_object(read_body(req, "application/json"))

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ANN401 - as inherited
        """Return the query parameters; raise InputError for one that is given twice."""
        for name, values in req.args.lists():
            if len(values) > 1:
                raise InputError(f"the query parameter {name!r} is given more than once", name)
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
        """Raise the first error that the schema found as an InputError on its field."""
        messages = error.messages
        raise _first_error(next(iter(messages.values())) if isinstance(messages, dict) else messages)


class Blueprint(flask_smorest.Blueprint):
    """A blueprint with the strict parser."""

    ARGUMENTS_PARSER = StrictParser()
    PAGINATION_ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: type[ma.Schema], **options: Any) -> Any:  # noqa: ANN401 - as inherited
        """Parse the arguments of a view with one object of the schema; webargs would create one for each request."""
        return super().arguments(schema(), **options)


def read_body(req: Request, *media_types: str) -> bytes:
    """Return the body of the request; raise UnsupportedMediaType or RequestEntityTooLarge."""
    if req.mimetype not in media_types:
        raise UnsupportedMediaType(f"send the body with the header Content-Type: {media_types[0]}")
    return read_octets(req)


def parse_uuid(text: str) -> UUID | None:
    """Return the uuid in its usual form, in any letter case, or None if the text is none."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def uuid_or_not_found(what: str, text: str) -> UUID:
    """Return the uuid of a zone, record or token in a path; raise NotFound if the text is no uuid."""
    found = parse_uuid(text)
    if found is None:
        raise NotFound(f"there is no such {what}")
    return found


def _first_error(messages: Any, path: tuple[str, ...] = ()) -> InputError:  # noqa: ANN401 - nested as the input is
    """Return the first of marshmallow's nested messages as an error with the path of its field."""
    if isinstance(messages, Mapping):
        name, inner = next(iter(messages.items()))
        return _first_error(inner, path if name == "_schema" else (*path, str(name)))
    if isinstance(messages, list | tuple):
        return _first_error(messages[0], path)
    field = ".".join(path) or None
    return InputError(f"{field}: {messages}" if field else str(messages), field)
