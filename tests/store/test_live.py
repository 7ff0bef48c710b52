"""One definition of live: SQL and Python agree on the state of a zone, at every serial (RFC 1982)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.principal import EVERYTHING
from appliance.store import deployments, statistics, zones
from appliance.store.file import sqlite
from appliance.store.zones import Page
from appliance.zones.deployment import DeploymentState
from appliance.zones.model import Zone
from appliance.zones.serial import HALF, MODULUS
from tests.workspace import Workspace, open_workspace

NEAR = st.integers(-2, 2)
SERIALS = st.one_of(
    st.integers(0, MODULUS - 1),
    st.builds(lambda base, step: (base + step) % MODULUS, st.sampled_from((0, HALF, MODULUS - 1)), NEAR),
)
SERIALS = SERIALS.filter(bool)


@dataclass(frozen=True)
class Place:
    """A workspace with one zone, whose rows are written without checks."""

    workspace: Workspace
    zone: Zone

    def write(self, serial: int, attempted: int | None, live: int | None, error: str | None) -> None:
        """Write the serial of the zone, and its deployment."""
        with closing(sqlite.connect(self.workspace.store.path)) as database, database:
            database.execute("update zone set serial = ?", (serial,))
            database.execute(
                "insert or replace into deployment (zone_id, serial, live_serial, error) select id, ?, ?, ? from zone",
                (attempted, live, error),
            )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Yield one store for all examples."""
    folder: Path = tmp_path_factory.mktemp("live")
    with open_workspace(folder) as workspace:
        yield Place(workspace, workspace.zone())


@given(
    serial=SERIALS,
    attempted=st.none() | SERIALS,
    live=st.none() | SERIALS,
    step=st.none() | NEAR,
    error=st.sampled_from((None, "", "check: refused")),
)
@example(serial=1, attempted=MODULUS - 1, live=MODULUS - 1, step=None, error=None)
@example(serial=MODULUS - 1, attempted=3, live=1, step=None, error=None)
@example(serial=HALF, attempted=0, live=0, step=None, error="check: refused")
def test_sql_and_python_agree_on_the_state(
    place: Place, serial: int, attempted: int | None, live: int | None, step: int | None, error: str | None
) -> None:
    if step is not None:
        live = (serial + step) % MODULUS
    place.write(serial, attempted, live, error)
    zone = zones.get_any(place.zone.uuid)
    state = deployments.of_zones([zone], ())[zone.uuid].state
    assert statistics.count_by_state() == {state.value: 1}
    assert [one.uuid for one in zones.find(EVERYTHING, Page(), state=state)[0]] == [zone.uuid]
    assert bool(statistics.late_zones(1)) == (state is not DeploymentState.LIVE)
