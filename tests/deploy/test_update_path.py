"""What happens between a stored change and its UPDATE: three reads, and nothing is written before it is sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.nameserver.update_messages import UpdateMessage, update_messages
from appliance.zones.delta import VersionDelta, WireSoa
from tests.deploy.publishing.test_update_publisher import live_zone, settle, started
from tests.pair import Pair
from tests.workspace import Workspace


class Statements(logging.Handler):
    """Keeps the first words of the statements of this thread."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a statement of the thread that created this."""
        if record.thread == self._thread:
            statement, _ = record.__dict__["msg"]
            self.seen.append(statement.split()[0].lower())


@contextmanager
def counted() -> Iterator[Statements]:
    """Yield the statements that Peewee executes in the block."""
    logger, handler = logging.getLogger("peewee"), Statements()
    before, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.setLevel(before)
        logger.propagate = propagates
        logger.removeHandler(handler)


def test_a_change_is_sent_after_three_reads_and_before_any_write(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    sent: list[list[str]] = []

    def noting(zone: Name, soa: WireSoa, serial: int, versions: Sequence[VersionDelta]) -> list[UpdateMessage]:
        sent.append(list(statements.seen))
        return update_messages(zone, soa, serial, versions)

    with started(replace(host, messages=noting), workspace, tmp_path) as deployer, counted() as statements:
        zone = live_zone(deployer, workspace, "counted.example")
        sent.clear()
        workspace.add(zone, "A", "second", "192.0.2.2")
        statements.seen.clear()
        deployer.step()
        settle(deployer)
    assert [one[-3:] for one in sent] == [["select"] * 3]
    assert set(sent[0]) == {"select"}
