"""All writes of zones and records: each is evaluated on a snapshot and stored in one transaction with a journal row.

    read -> parse -> apply -> check the rules -> next serial               without the write lock
    compare versions -> store -> append to the journal -> commit           with the write lock
    announce                                                               after the commit

    access       what a principal may read and write
    requests     unparsed records and requested changes of records
    parser       owner names and record data of one write, each parsed once
    change_set   the changes of one zone's records: an overlay on the stored zone, which the rules read
    members      the records of one RRset of a change set
    apply        a list of requests, applied to a change set in order
    evaluation   the result of a change set: an error, or the changed zone and its statements
    commit       stores an evaluation unless a zone that it depends on has changed
    transaction  repeats evaluation and commit where a zone has changed
    diff         what a write did, or would do
    zone_names   which names may become zones, and of which account
    new_holds    which new zones are held until their ownership is proven
    quotas       numbers of zones and records
    editor       the Editor, which performs every write

A write reads only the affected owners and what is above and below them, so its cost does not grow with its zone. No
program runs and nothing is sent while a transaction is open. A write that changes nothing has no new serial.
"""

from appliance.editing.access import find_record, find_zone
from appliance.editing.diff import Diff
from appliance.editing.editor import Editor, editor_from
from appliance.editing.new_holds import is_expired
from appliance.editing.requests import (
    CreateRecord,
    DeleteRecord,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    with_fields,
)
from appliance.editing.zone_names import own_names_of, public_suffixes

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
    "is_expired",
    "own_names_of",
    "public_suffixes",
    "with_fields",
]
