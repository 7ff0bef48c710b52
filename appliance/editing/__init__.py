"""All writes of zones and records: each is evaluated on a snapshot and stored in one transaction with a journal row.

    read -> parse -> apply -> check the rules -> next serial               without the write lock
    compare versions -> store -> append to the journal -> commit           with the write lock
    announce                                                               after the commit

    access       what a principal may read and write
    requests     unparsed records and requested changes of records
    parser       owner names and record data of one write, each parsed once
    change_set   the changes of one zone's records: an overlay on the stored zone, which the rules read
    stored_zone  what a change set needs of the zone that it changes
    members      the records of one RRset of a change set
    sorted_owners the owners of a change set, of which those below a name are found fast
    steps        which request of a list changed what: the path of the field of an error
    apply        a list of requests, applied to a change set in order
    replace_all  all records of a zone, replaced in a change set
    zone_import  a zone file, of which the records become those of a zone
    left_out     records of a zone file that are left out, since they break a rule
    evaluation   the result of a change set: an error, or the changed zone and its statements
    commit       stores an evaluation unless a zone that it depends on has changed
    transaction  repeats evaluation and commit where a zone has changed
    diff         what a write did, or would do
    new_zones    a zone to create, with its first records
    child_zones  zones above and below others of one account
    zone_warnings what is probably not intended in a stored zone
    zone_names   which names may become zones, and of which account
    history      former states of a zone, to restore or undo
    undelete     brings deleted zones back
    confirmation changes that are reverted unless they are confirmed
    overlaps     what happened since to the record sets of such a change
    new_holds    which new zones are held until their ownership is proven
    quotas       numbers of zones and records
    write_count  what a write counts for rate limits
    dnssec_switch turns DNSSEC of a zone on and off, and says when a deletion must be confirmed
    zone_editor  the part of the Editor that writes whole zones
    signing_editor the part of the Editor that stores reports of a DS and rollovers
    record_editor the part of the Editor that writes records
    editor       the Editor, which performs every write

A write reads only the affected owners and what is above and below them, so its cost does not grow with its zone. No
program runs and nothing is sent while a transaction is open. A write that changes nothing has no new serial.
"""

from appliance.editing.access import check_creation, find_record, find_zone, find_zone_of, find_zones_of
from appliance.editing.apply import MAX_CHANGES
from appliance.editing.diff import Diff
from appliance.editing.dnssec_switch import needs_ds_confirmation
from appliance.editing.editor import Editor, editor_from
from appliance.editing.new_holds import is_expired
from appliance.editing.new_zones import ZoneContent
from appliance.editing.requests import (
    MAX_COMMENT,
    CreateRecord,
    DeleteRecord,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    RestoreVersion,
    UndoVersion,
    UpdateRecord,
    ValueInput,
    with_fields,
)
from appliance.editing.signing_editor import confirmed_keys
from appliance.editing.zone_import import ImportOptions
from appliance.editing.zone_names import RESERVATION, own_names_of, public_suffixes
from appliance.editing.zone_warnings import MAX_WARNINGS, warnings_of

__all__ = [
    "MAX_CHANGES",
    "MAX_COMMENT",
    "MAX_WARNINGS",
    "RESERVATION",
    "CreateRecord",
    "DeleteRecord",
    "Diff",
    "Editor",
    "ImportOptions",
    "RecordInput",
    "RecordRequest",
    "ReplaceRRset",
    "RestoreVersion",
    "UndoVersion",
    "UpdateRecord",
    "ValueInput",
    "ZoneContent",
    "check_creation",
    "confirmed_keys",
    "editor_from",
    "find_record",
    "find_zone",
    "find_zone_of",
    "find_zones_of",
    "is_expired",
    "needs_ds_confirmation",
    "own_names_of",
    "public_suffixes",
    "warnings_of",
    "with_fields",
]
