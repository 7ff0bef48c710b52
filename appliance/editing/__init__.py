"""The writes: each one transaction, in which everything is read, checked, stored and noted in the journal.

    parse -> look up -> apply -> check the rules -> bump the serial -> journal -> commit -> announce

    caller    what a principal may see and write
    wanted    a record as it is asked for, unparsed, and changes of records
    sheet     the sets that a write touches, as they were and as they are to be
    batch     many changes, put down on a sheet one after the other
    diff      what a write did, or would do
    claims    which names may become zones, and of whom
    quotas    how many there may be of each
    desk      the Editor, at whom all writes are asked for

A write reads only what it touches: the sets at its owners and what stands above and below them, so its cost
does not grow with its zone. Nothing runs and nothing is sent while a transaction is open. No change, no new serial.
"""

from appliance.editing.caller import find_record, find_zone
from appliance.editing.claims import own_names_of
from appliance.editing.desk import Editor
from appliance.editing.diff import Diff
from appliance.editing.wanted import Addition, Alteration, Asked, RecordInput, Removal, Replacement, with_fields

__all__ = [
    "Addition",
    "Alteration",
    "Asked",
    "Diff",
    "Editor",
    "RecordInput",
    "Removal",
    "Replacement",
    "find_record",
    "find_zone",
    "own_names_of",
    "with_fields",
]
