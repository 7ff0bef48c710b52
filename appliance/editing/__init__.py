"""The writes: each one transaction, in which everything is read, checked, stored and noted in the journal.

    parse -> look up -> apply -> check the rules -> bump the serial -> journal -> commit -> announce

    caller    what a principal may see and write
    requests  a record as requested, unparsed, and requested changes of records
    change_set  the sets that a write touches, as they were and as they will be
    apply     many changes, applied to a change set one after the other
    diff      what a write did, or would do
    claims    which names may become zones, and of whom
    quotas    how many there may be of each
    editor    the Editor, which does every write

A write reads only what it touches: the sets at its owners and what stands above and below them, so its cost
does not grow with its zone. Nothing runs and nothing is sent while a transaction is open. No change, no new serial.
"""

from appliance.editing.caller import find_record, find_zone
from appliance.editing.claims import own_names_of
from appliance.editing.diff import Diff
from appliance.editing.editor import Editor
from appliance.editing.requests import (
    CreateRecord,
    DeleteRecord,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    with_fields,
)

__all__ = [
    "CreateRecord",
    "DeleteRecord",
    "Diff",
    "Editor",
    "RecordInput",
    "RecordRequest",
    "ReplaceRRset",
    "UpdateRecord",
    "find_record",
    "find_zone",
    "own_names_of",
    "with_fields",
]
