"""The parts of one deployer, which its loop, launcher and full turn share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.deploy.host import Host
from appliance.deploy.lanes import Lanes
from appliance.deploy.membership import Membership
from appliance.deploy.pace import Pace
from appliance.deploy.publisher import FilePublisher, Publisher
from appliance.deploy.reach import Reach
from appliance.deploy.record import Recorder
from appliance.deploy.verify import Verifier
from appliance.deploy.waiting import Waiting
from appliance.editing import Editor
from appliance.settings import DeployerSettings
from appliance.store.file.database import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What is worked on, what is known of it, and what works. `clock` is the time of day, `monotonic` seconds."""

    host: Host
    store: Store
    editor: Editor
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    pace: Pace
    lanes: Lanes
    zones: Waiting
    membership: Membership
    reach: Reach
    verifier: Verifier
    recorder: Recorder
    publisher: Publisher


def make_parts(
    host: Host,
    store: Store,
    editor: Editor,
    settings: DeployerSettings,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> Parts:
    """New parts that know nothing yet."""
    reach, lanes = Reach(monotonic()), Lanes(store)
    return Parts(
        host=host,
        store=store,
        editor=editor,
        clock=clock,
        monotonic=monotonic,
        pace=Pace(settings.full_turn, monotonic),
        lanes=lanes,
        zones=Waiting(settings.quiet_time / 1000),
        membership=Membership(),
        reach=reach,
        verifier=Verifier(host.nameservers, reach, host.catalog),
        recorder=Recorder(host, store, lanes, clock, monotonic, reach),
        publisher=FilePublisher(host, store, editor.raise_serial),
    )
