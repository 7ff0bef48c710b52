"""Zone files that named must not load when it starts: those of signed zones whose signed copy is lost.

named would sign such a zone again from its file. Meanwhile it answers unsigned, and under serials that it has served
before with other content: a secondary that transfers the difference has a mixture, which is bogus. Without the file it
answers SERVFAIL, and secondaries serve what they have until the deployer publishes the zone again, from their copy.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from uuid import UUID

from appliance.errors import PublishFailed
from appliance.nameserver.zone_files import ZoneFiles
from appliance.zones.signing import CONTENT_TYPE

log = logging.getLogger(__name__)

_CONTENT_NUMBER = re.compile(rb"^\S+ 0 IN TYPE%d " % CONTENT_TYPE, re.MULTILINE)


def hold_back(zone_directory: Path) -> list[UUID]:
    """Rename the file of each zone that lacks its signed copy to that of its former content; return these zones.

    Call it only while named does not run. Raise PublishFailed if the disk fails. Only zones with a folder of keys are
    read; a zone that is not signed any longer has no content number in its file.
    """
    files = ZoneFiles(zone_directory)
    held = [uuid for uuid in files.zones_with_keys() if not files.is_signed(uuid) and _has_content_number(files, uuid)]
    for uuid in held:
        live = files.path(uuid)
        try:
            live.replace(live.with_suffix(".former"))
        except OSError as error:
            raise PublishFailed(f"hold back: {error.strerror or error}") from error
        log.warning("event=zone-held-back zone=%s", uuid)
    return held


def _has_content_number(files: ZoneFiles, uuid: UUID) -> bool:
    """Return True if the records that the appliance derives, before the first empty line, have the content number."""
    derived, _, _ = files.read_live(uuid).partition(b"\n\n")
    return _CONTENT_NUMBER.search(derived) is not None
