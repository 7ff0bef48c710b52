"""The writes: each is evaluated on a snapshot, and stored in one transaction with its line in the journal.

    read -> parse -> apply -> check the rules -> bump the serial        without the write lock
    compare what was read -> store -> journal -> commit -> announce     with it

    caller       what a principal may see and write
    requests     a record as requested, unparsed, and requested changes of records
    parser       names and contents of one write, each parsed once
    change_set   what becomes of a zone's records: an overlay on what is stored, which the rules read as the zone
    members      the records of one set of it
    apply        many requests, applied to a change set one after the other
    evaluation   what a change set comes to
    commit       an evaluation, stored unless something that it depends on has moved
    transaction  evaluation and commit, repeated where something has
    diff         what a write did, or would do
    claims       which names may become zones, and of whom
    quotas       how many there may be of each
    editor       the Editor, which does every write

A write reads only what it touches: what is stored at its owners and above and below them, so its cost does not grow
with its zone. Nothing runs and nothing is sent while a transaction is open. No change, no new serial.
"""

from appliance.editing.caller import find_record, find_zone
from appliance.editing.claims import own_names_of
from appliance.editing.diff import Diff
from appliance.editing.editor import Editor, editor_from
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
    "editor_from",
    "find_record",
    "find_zone",
    "own_names_of",
    "with_fields",
]
