"""The query parameters of the export and the import of zone files."""

from __future__ import annotations

from appliance.api.change_schemas import DryRun
from appliance.api.fields import QueryBoolean, QueryInteger, StrictString, Timestamp
from appliance.api.strict_schema import Strict
from appliance.zones.serial import MODULUS


class ExportQuery(Strict):
    """The state of the zone; without parameters, as it is."""

    version = QueryInteger(0, MODULUS - 1, metadata={"description": "Serial of a version."})
    at = Timestamp(metadata={"description": "A time in UTC.", "example": "2031-05-04T12:00:00Z"})


class ImportQuery(DryRun):
    """What an import may leave out and remove."""

    skip_refused = QueryBoolean(
        load_default=False,
        metadata={"description": "`true`: leave out the lines that are refused, with a warning for each."},
    )
    confirm = QueryBoolean(
        load_default=False,
        metadata={"description": "`true`: remove more than 30 % of the records of a zone of 10 records or more."},
    )
    merge = QueryBoolean(
        load_default=False,
        metadata={"description": "`true`: add what the file has, and remove nothing."},
    )
    comment = StrictString(
        load_default="", metadata={"description": "Why, up to 500 characters: shown in the history."}
    )
