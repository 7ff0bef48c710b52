"""Bodies of calls: JSON objects, whatever their media type, and how long they may be."""

from __future__ import annotations

from typing import Any

from flask import request

from appliance.web.front_doors import MAX_BODY
from appliance.web.json_body import read_object, read_octets

LARGE_BODY = 32 * 1024 * 1024
"""Octets of the body of a call that takes RRsets."""


def max_body(method: str, path: str) -> int:  # noqa: ARG001 - as `FrontDoor` calls it
    """Return the octets that the body of a call may have."""
    return LARGE_BODY if method in ("PATCH", "POST") else MAX_BODY


def read_body() -> dict[str, Any]:
    """Return the body, a JSON object; raise InputError if it is anything else."""
    return read_object(read_octets(request))
