"""ETags, If-Match and If-None-Match (RFC 9110 section 13.1): no lost updates, and no body that the client has already.

An ETag is built from the revision of a zone or record, which every stored change moves, and the deployment never does.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request

from appliance.editing import Editor
from appliance.errors import PreconditionFailed
from appliance.web.context import context
from appliance.zones.model import Record, Zone


def etag_header(item: Zone | Record) -> dict[str, str]:
    """Return the header with the strong ETag of a zone or record."""
    return {"ETag": f'"{_tag(item)}"'}


def not_modified(item: Zone | Record) -> Response | None:
    """Return a 304 if the request has the present ETag of what it reads in If-None-Match, else None."""
    if not request.if_none_match.contains_weak(_tag(item)):
        return None
    return Response(status=304, headers=etag_header(item))


def editor() -> Editor:
    """Return the editor of this request, which compares If-Match in the transaction of its write.

    The ETag is that of the record that is written, or of the zone that gets a record or any other change.
    """
    if "If-Match" not in request.headers:
        return context().editor
    return replace(context().editor, precondition=_check)


def refuse_if_match() -> None:
    """Raise PreconditionFailed if the request has If-Match: what is created or restored has no ETag yet."""
    if "If-Match" in request.headers:
        raise PreconditionFailed(
            "If-Match cannot hold here: the zone does not exist yet, so it has no ETag; leave it out"
        )


def _check(item: Zone | Record) -> None:
    if not request.if_match.contains(_tag(item)):
        raise PreconditionFailed(f'it has changed since it was read, and its ETag is now "{_tag(item)}": read it again')


def _tag(item: Zone | Record) -> str:
    return f"{item.uuid.hex[:8]}-{item.revision}"
