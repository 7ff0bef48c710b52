"""Writers that also make many changes at once, undo and restore versions, and restore deleted zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.soak.writers import TTL, Entry, Writer, ZoneShare, body_of, entry_of, serial_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"
MAX_VERSIONS = 10
"""Versions of a zone that a writer remembers."""
Entries = dict[str, Entry]


class VersionWriter(Writer):
    """A writer that knows former versions: of each share what its last change did, of own zones all entries."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - those of a writer
        super().__init__(*arguments)
        self._undoable: dict[str, tuple[int, Entries]] = {}
        self._versions: dict[str, list[tuple[int, Entries]]] = {}
        self._deleted: dict[str, tuple[str, Entries]] = {}

    def change(self, share: ZoneShare) -> None:
        """Make one random change, and remember the version before it and after it."""
        before, known = dict(share.entries), len(self.acknowledged)
        undoable = self._undoable.pop(share.domain, None)
        if share.uuid is None and share.domain in self._deleted and self._random.random() < 0.5:
            self._try(share, lambda: self._restore_zone(share))
        elif share.uuid is not None and self._random.random() < 0.3:
            self._try(share, self._random.choice(list(self._choices(share, undoable))))
        else:
            super().change(share)
        if len(self.acknowledged) > known and share.uuid is not None:
            serial = self.acknowledged[-1].serial
            self._undoable[share.domain] = (serial, before)
            if not share.shared:
                versions = self._versions.setdefault(share.domain, [])
                self._versions[share.domain] = [*versions[1 - MAX_VERSIONS :], (serial, dict(share.entries))]

    def _choices(self, share: ZoneShare, undoable: tuple[int, Entries] | None) -> list[Callable[[], None]]:
        choices: list[Callable[[], None]] = [lambda: self._change_many(share), lambda: self._fail_to_change_many(share)]
        if not share.shared:
            choices.append(lambda: self._import(share))
        if undoable:
            choices.append(lambda: self._return_to(share, undoable, "undo"))
        if versions := self._versions.get(share.domain):
            choices.append(lambda: self._return_to(share, self._random.choice(versions), "restore"))
        return choices

    def _change_many(self, share: ZoneShare) -> None:
        """Delete some records, change one, and create some, in one call."""
        chosen = self._random.sample(sorted(share.entries), min(len(share.entries), 3))
        new = [self._entry(self._random.choice(("A", "TXT", "MX"))) for _ in range(self._random.randint(1, 5))]
        changes: list[dict[str, Any]] = [{"action": "create", **body_of(entry)} for entry in new]
        after = {uuid: entry for uuid, entry in share.entries.items() if uuid not in chosen}
        for position, uuid in enumerate(chosen):
            entry = share.entries[uuid]
            if position:
                changes.append({"action": "delete", "uuid": uuid})
            else:
                changed = (entry[0], entry[1], self._entry(entry[0])[2], entry[3])
                changes.append({"action": "update", "uuid": uuid, "value": changed[2]})
                after[uuid] = changed
        self._after = (True, Counter([*after.values(), *new]))
        self._random.shuffle(changes)
        answer = self._request("POST", f"/dns-zones/{share.uuid}/changes/", {"changes": changes}, 200)
        if answer is not None:
            after |= {record["uuid"]: entry_of(record) for record in answer.json()["added"]}
            self._become(share, serial_of(answer), after)

    def _import(self, share: ZoneShare) -> None:
        """Replace some records by others with a zone file."""
        kept = {uuid: entry for uuid, entry in share.entries.items() if self._random.random() < 0.8}
        new = [self._entry(self._random.choice(("A", "MX"))) for _ in range(self._random.randint(1, 5))]
        self._after = (True, Counter([*kept.values(), *new]))
        text = f"$TTL {TTL}\n" + "".join(map(_line_of, (*kept.values(), *new)))
        answer = self._request("PUT", f"/dns-zones/{share.uuid}/zonefile/?confirm=true", text, 200)
        if answer is not None:
            added = {record["uuid"]: entry_of(record) for record in answer.json()["added"]}
            self._become(share, serial_of(answer), kept | added)

    def _fail_to_change_many(self, share: ZoneShare) -> None:
        """Send changes of which the last one is refused: none may be stored."""
        changes = [{"action": "create", **body_of(self._entry("A"))}, {"action": "delete", "uuid": UNKNOWN}]
        self._request("POST", f"/dns-zones/{share.uuid}/changes/", {"changes": changes}, 400)

    def _return_to(self, share: ZoneShare, version: tuple[int, Entries], how: str) -> None:
        """Undo the last change, or restore a version; the version has the entries that there are afterwards."""
        serial, entries = version
        self._after = (True, Counter(entries.values()))
        answer = self._request("POST", f"/dns-zones/{share.uuid}/versions/{serial}/{how}/", None, 200)
        if answer is not None:
            self._become(share, serial_of(answer), dict(entries))

    def _restore_zone(self, share: ZoneShare) -> None:
        uuid, entries = self._deleted[share.domain]
        self._after = (True, Counter(entries.values()))
        if self._request("POST", f"/dns-zones/{uuid}/restore/", None, 200) is not None:
            share.uuid, share.entries = uuid, dict(entries)

    def _create_zone(self, share: ZoneShare) -> None:
        self._versions.pop(share.domain, None)
        self._deleted.pop(share.domain, None)
        super()._create_zone(share)

    def _delete_zone(self, share: ZoneShare) -> None:
        former = str(share.uuid), dict(share.entries)
        super()._delete_zone(share)
        if share.uuid is None:
            self._deleted[share.domain] = former

    def _become(self, share: ZoneShare, serial: int, entries: Entries) -> None:
        """Acknowledge the difference to these entries, which the share has from that serial on."""
        before = share.entries
        share.entries = entries
        for entry in {*before.values()} - {*entries.values()}:
            self._acknowledge(share, serial, entry, exists=False)
        for entry in {*entries.values()} - {*before.values()}:
            self._acknowledge(share, serial, entry, exists=True)


def _line_of(entry: Entry) -> str:
    """Return the line of an entry in a zone file."""
    record_type, name, value, priority = entry
    data = {"TXT": f'"{value}"', "MX": f"{priority} {value}."}.get(record_type, value)
    return f"{name} {record_type} {data}\n"
