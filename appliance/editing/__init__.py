"""The writes: each one transaction, in which everything is read, checked, stored and noted in the journal.

    parse -> look up -> apply -> check the rules -> bump the serial -> journal -> commit -> announce

    caller    who asks, and what they may see and write
    wanted    a record as it is asked for, unparsed
    claims    which names may become zones, and of whom
    quotas    how many there may be of each
    desk      the Editor, at whom all writes are asked for

A write reads only what it touches: the sets at its owners and what stands above and below them, so its cost
does not grow with its zone. Nothing runs and nothing is sent while a transaction is open. No change, no new serial.
"""

from appliance.editing.caller import Caller, find_record, find_zone
from appliance.editing.claims import own_names_of
from appliance.editing.desk import Editor
from appliance.editing.wanted import RecordInput, with_fields

__all__ = ["Caller", "Editor", "RecordInput", "find_record", "find_zone", "own_names_of", "with_fields"]
