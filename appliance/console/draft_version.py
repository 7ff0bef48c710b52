"""The version of a draft: the revision of its zone and a digest of each change, so that a page acts on what it shows.

It is short, because every page of the zone holds it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Change = Mapping[str, Any]
_DIGEST_LENGTH = 6
"""Characters of base64 in the digest of a change."""


def version_of(revision: int, changes: Iterable[Change]) -> str:
    """Return the version of a draft with these changes, of a zone at that revision."""
    return f"{revision}.{''.join(map(_digest, changes))}"


def is_in_version(version: str, change: Change) -> bool:
    """Return whether the draft at that version holds the change."""
    return _digest(change) in _digests(version)


def revision_in(version: str) -> str:
    """Return the revision of the zone in a version of its draft."""
    return version.partition(".")[0]


def differences(version: str, changes: Iterable[Change]) -> Iterator[str]:
    """Yield how many changes were added and removed since the draft was at that version."""
    now, then = Counter(map(_digest, changes)), Counter(_digests(version))
    for counted, verb in ((now - then, "added"), (then - now, "removed")):
        if number := counted.total():
            yield f"1 change was {verb}" if number == 1 else f"{number} changes were {verb}"


def _digest(change: Change) -> str:
    octets = hashlib.sha256(json.dumps(change, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(octets)[:_DIGEST_LENGTH].decode()


def _digests(version: str) -> list[str]:
    text = version.partition(".")[2]
    return [text[at : at + _DIGEST_LENGTH] for at in range(0, len(text), _DIGEST_LENGTH)]
