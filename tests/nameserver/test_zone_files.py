"""Zone files: staged, published and restored atomically, never through a symbolic link."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import dns.name
import pytest

from appliance.errors import PublishFailed
from appliance.nameserver.file_head import HEAD_SIZE, FileHead
from appliance.nameserver.zone_files import ZoneFiles
from tests.pair import Pair, small_zone

ZONE = UUID("11111111-2222-3333-4444-555555555555")


@pytest.fixture
def files(tmp_path: Path) -> ZoneFiles:
    return ZoneFiles(tmp_path, mode=0o640)


def publish(files: ZoneFiles, content: bytes) -> None:
    files.stage(ZONE, content)
    files.publish(ZONE)


def test_a_staged_file_is_not_live_until_published(files: ZoneFiles) -> None:
    staged = files.stage(ZONE, b"one")
    assert staged.read_bytes() == b"one" and not files.path(ZONE).exists()
    files.publish(ZONE)
    assert files.path(ZONE).read_bytes() == b"one" and not staged.exists()
    assert stat.S_IMODE(files.path(ZONE).stat().st_mode) == 0o640


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The suffixes of the files, or the folder, that were flushed."""
    seen: list[str] = []

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen.append("folder" if path.is_dir() else path.suffix)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def test_a_file_is_flushed_once_before_it_is_live(files: ZoneFiles, flushed: list[str]) -> None:
    files.stage(ZONE, b"one")
    assert flushed == []
    files.flush_staged(ZONE)
    files.flush_staged(ZONE)
    assert flushed == [".staged"]
    files.publish(ZONE)
    assert flushed == [".staged", "folder"]
    flushed.clear()
    publish(files, b"two")
    assert flushed == ["folder", ".staged", "folder"]
    flushed.clear()
    files.stage_refresh(ZONE, b"three")
    files.refresh(ZONE)
    assert flushed == [".refresh"]
    files.flush()
    assert flushed == [".refresh", "folder"]


def test_the_previous_file_is_restored_as_a_new_one(files: ZoneFiles) -> None:
    publish(files, b"one")
    os.utime(files.path(ZONE), (1, 1))
    publish(files, b"two")
    previous = files.path(ZONE).with_suffix(".former")
    assert previous.read_bytes() == b"one"
    assert files.restore(ZONE)
    assert files.path(ZONE).read_bytes() == b"one" and files.path(ZONE).stat().st_mtime > 1


def test_without_a_previous_file_nothing_is_restored(files: ZoneFiles) -> None:
    publish(files, b"one")
    assert not files.restore(ZONE)


def test_publishing_the_same_content_twice_keeps_the_previous_file(files: ZoneFiles) -> None:
    for content in (b"one", b"two", b"two"):
        publish(files, content)
    assert files.restore(ZONE) and files.path(ZONE).read_bytes() == b"one"


def test_the_journal_is_removed_before_each_swap(files: ZoneFiles) -> None:
    journal = Path(f"{files.path(ZONE)}.jnl")
    publish(files, b"one")
    for swap in (lambda: publish(files, b"two"), lambda: files.restore(ZONE)):
        journal.write_bytes(b"older")
        swap()
        assert not journal.exists()


def test_a_staged_file_is_listed_replaced_and_discarded(files: ZoneFiles, tmp_path: Path) -> None:
    (tmp_path / "notes.staged").touch()
    files.stage(ZONE, b"cut sho")
    assert files.staged_zones() == [ZONE]
    files.stage(ZONE, b"whole")
    files.discard(ZONE)
    files.discard(ZONE)
    assert files.staged_zones() == []


def test_a_symbolic_link_is_replaced(files: ZoneFiles, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"untouched")
    for suffix in (".zone", ".staged"):
        files.path(ZONE).with_suffix(suffix).symlink_to(outside)
    publish(files, b"one")
    assert outside.read_bytes() == b"untouched"
    assert not files.path(ZONE).is_symlink() and files.path(ZONE).read_bytes() == b"one"


def test_a_previous_file_that_is_a_link_is_not_followed(files: ZoneFiles, tmp_path: Path) -> None:
    publish(files, b"one")
    files.path(ZONE).with_suffix(".former").symlink_to("/etc/passwd")
    with pytest.raises(PublishFailed, match="restore"):
        files.restore(ZONE)
    assert files.path(ZONE).read_bytes() == b"one"


def test_a_removed_zone_has_no_files(files: ZoneFiles, tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        publish(files, content)
    files.stage(ZONE, b"three")
    for suffix in ("jnl", "jnw"):
        Path(f"{files.path(ZONE)}.{suffix}").touch()
    files.remove(ZONE)
    assert list(tmp_path.iterdir()) == []


def test_what_named_abandoned_is_removed_later(files: ZoneFiles, tmp_path: Path) -> None:
    publish(files, b"one")
    written = tmp_path / "tmp-v1gREWvdgC"
    written.touch()
    os.utime(written, (1000, 1000))
    moment = datetime.fromtimestamp(1000, UTC)
    files.remove_abandoned(moment)
    assert written.exists()
    files.remove_abandoned(moment + timedelta(seconds=1))
    assert list(tmp_path.iterdir()) == [files.path(ZONE)]


def test_publishing_without_a_staged_file_changes_nothing(files: ZoneFiles) -> None:
    publish(files, b"one")
    with pytest.raises(PublishFailed, match="No such file"):
        files.publish(ZONE)
    assert files.path(ZONE).read_bytes() == b"one"


def test_the_reason_of_the_system_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PublishFailed, match="stage: No such file"):
        ZoneFiles(tmp_path / "missing").stage(ZONE, b"")
    (tmp_path / f"{ZONE}.staged").mkdir()
    with pytest.raises(PublishFailed, match="stage: "):
        ZoneFiles(tmp_path).stage(ZONE, b"")


def test_a_file_over_its_limit_is_refused_and_the_live_one_stays(files: ZoneFiles) -> None:
    publish(files, b"one")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(PublishFailed, match="stage: File too large"):
            files.stage(ZONE, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert files.path(ZONE).read_bytes() == b"one"
    assert files.staged_zones() == []
    files.stage(ZONE, b"two")


def test_a_digest_is_that_of_the_live_file(files: ZoneFiles) -> None:
    assert files.digest(ZONE) is None
    for content in (b"one", b"two"):
        publish(files, content)
        assert files.digest(ZONE) == hashlib.sha256(content).hexdigest()
    files.restore(ZONE)
    assert files.digest(ZONE) == hashlib.sha256(b"one").hexdigest()
    files.path(ZONE).write_bytes(b"six")
    assert files.digest(ZONE) == hashlib.sha256(b"six").hexdigest()
    files.path(ZONE).chmod(0o600)
    assert files.digest(ZONE) is None


def test_a_restarted_named_serves_the_restored_file(pair: Pair) -> None:
    zone = dns.name.from_text("files.test")
    uuid = uuid4()
    pair.control.add_zone(zone, pair.put(uuid, small_zone(zone, 1)))
    pair.put(uuid, small_zone(zone, 2))
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 2)
    pair.put(uuid, b"broken")
    pair.control.resume_updates(zone)
    assert pair.files.restore(uuid)
    pair.control.resume_updates(zone)
    pair.ns1.stop(signal.SIGKILL)
    pair.ns1.start()
    pair.wait_for_serial(pair.primary, zone, 2)
    pair.put(uuid, small_zone(zone, 3))
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 3)


def test_a_refresh_keeps_the_journal_and_the_previous_file(files: ZoneFiles) -> None:
    for content in (b"one", b"two"):
        publish(files, content)
    journal = files.path(ZONE).with_suffix(".zone.jnl")
    journal.write_bytes(b"journal")
    files.stage_refresh(ZONE, b"three")
    assert files.path(ZONE).read_bytes() == b"two"
    files.refresh(ZONE)
    assert files.path(ZONE).read_bytes() == b"three" and files.digest(ZONE) == hashlib.sha256(b"three").hexdigest()
    assert files.journal_size(ZONE) == len(b"journal")
    files.remove_journal(ZONE)
    assert files.journal_size(ZONE) == 0 and files.restore(ZONE) and files.path(ZONE).read_bytes() == b"one"


def test_a_refresh_and_a_publication_do_not_meet(files: ZoneFiles) -> None:
    files.stage_refresh(ZONE, b"behind")
    publish(files, b"new")
    files.discard_refresh(ZONE)
    assert files.path(ZONE).read_bytes() == b"new"
    with pytest.raises(PublishFailed, match="refresh"):
        files.refresh(ZONE)


def test_what_a_crash_left_behind_is_removed(files: ZoneFiles) -> None:
    left = files.stage(ZONE, b"one"), files.stage_refresh(ZONE, b"two")
    files.discard_all()
    assert not any(path.exists() for path in left)


def test_the_head_and_size_of_the_live_file(files: ZoneFiles) -> None:
    assert files.head(ZONE) is None and files.size(ZONE) == 0
    zone, content = dns.name.from_text("example.com"), small_zone(dns.name.from_text("example.com"), 7)
    publish(files, content + b"; more" * HEAD_SIZE)
    assert files.head(ZONE) == FileHead(zone, 7, by_named=False) and files.size(ZONE) > HEAD_SIZE
