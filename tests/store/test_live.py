"""One definition of live: what SQL says of a zone is what Python says of it, at every serial of the circle."""

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
WANTED = SERIALS.filter(bool)


@dataclass(frozen=True)
class Place:
    """A workspace with one zone, whose row is written past every check."""

    workspace: Workspace
    zone: Zone

    def write(self, wanted: int, attempted: int | None, live: int | None, error: str | None) -> None:
        """The zone at this serial, and its deployment."""
        with closing(sqlite.connect(self.workspace.store.path)) as database, database:
            database.execute("update zone set serial = ?", (wanted,))
            database.execute(
                "insert or replace into deployment (zone_id, serial, live_serial, error) select id, ?, ?, ? from zone",
                (attempted, live, error),
            )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One store for all examples."""
    folder: Path = tmp_path_factory.mktemp("live")
    with open_workspace(folder) as workspace:
        yield Place(workspace, workspace.zone())


@given(
    wanted=WANTED,
    attempted=st.none() | SERIALS,
    live=st.none() | SERIALS,
    step=st.none() | NEAR,
    error=st.sampled_from((None, "", "check: refused")),
)
@example(wanted=1, attempted=MODULUS - 1, live=MODULUS - 1, step=None, error=None)
@example(wanted=MODULUS - 1, attempted=3, live=1, step=None, error=None)
@example(wanted=HALF, attempted=0, live=0, step=None, error="check: refused")
def test_sql_and_python_agree_on_the_state(
    place: Place, wanted: int, attempted: int | None, live: int | None, step: int | None, error: str | None
) -> None:
    if step is not None:
        live = (wanted + step) % MODULUS
    place.write(wanted, attempted, live, error)
    zone = zones.get_any(place.zone.uuid)
    state = deployments.of_zones([zone], ())[zone.uuid].state
    assert statistics.count_by_state() == {state.value: 1}
    assert [one.uuid for one in zones.find(EVERYTHING, Page(), state=state)[0]] == [zone.uuid]
    assert bool(statistics.late_zones(1)) == (state is not DeploymentState.LIVE)
