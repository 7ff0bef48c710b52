"""The full turn: take a picture in a lane, and carry out what it calls for.

What moved since the picture was taken is left alone: its own deployment brings it further.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from appliance.deploy import reconcile
from appliance.deploy.launch import Launcher
from appliance.deploy.parts import Parts
from appliance.deploy.reconcile import Picture, Plan
from appliance.errors import ApplianceError
from appliance.store import strays, zones
from appliance.store.outcomes import Standing
from appliance.zones.names import print_domain
from appliance.zones.serial import climb, is_ahead

log = logging.getLogger(__name__)

MISSED_TURNS = 3
"""Full turns in a row after which a member that no secondary serves is put into the catalog anew."""
MOST_REWRITTEN = 500
"""Zone files that one full turn has written anew; the next follows at once when there are more."""
CLEAN_EVERY = 3600.0
"""Seconds between two looks for files of zones that were removed long ago."""


@dataclass(slots=True)
class FullTurn:
    """Compares everything and mends what differs. `allow_removals`: zones that the store never knew are taken away."""

    parts: Parts
    launcher: Launcher
    allow_removals: bool = False
    runs: bool = False
    count: int = 0
    ended_at: datetime | None = None
    _clean_due: float = 0.0
    _missed: Counter[UUID] = field(default_factory=Counter)

    def start_if_due(self) -> None:
        """Start when it is time and none is under way."""
        if self.runs or self.parts.monotonic() < self.parts.pace.due:
            return
        self.runs = True
        self.parts.pace.began()
        self.parts.zones.begin_picture()
        self.parts.membership.begin_reading()
        began = self.parts.clock()

        def done(picture: Picture) -> None:
            self.runs = False
            self._carry_out(picture, reconcile.plan(picture))
            self._confirm(picture, began)
            self.count += 1
            self.ended_at = self.parts.clock()

        def failed(error: ApplianceError) -> None:
            self.runs = False
            log.warning("event=full-turn-failed reason=%r", str(error))
            self.parts.pace.soon()

        self.parts.lanes.start(lambda: reconcile.take_picture(self.parts.host, self.parts.store), done, failed)

    def record_removal(self, standing: Standing) -> None:
        """A deleted zone is answered no more, or a newer zone has its name."""
        self.parts.membership.leave(standing.uuid, standing.name)
        self.parts.recorder.live(standing.uuid, None)

    def _carry_out(self, picture: Picture, plan: Plan) -> None:
        self._note_reach(picture)
        self._keep_catalog(picture, plan)
        self._record(picture, plan)
        self._act(plan)
        self.launcher.notify(picture.lagging(plan.await_secondaries))
        self._keep_strays(picture)
        if self.parts.monotonic() >= self._clean_due:
            self._clean_due = self.parts.monotonic() + CLEAN_EVERY
            self.launcher.remove_old_files(self.parts.clock())
        if plan.is_quiet:
            self.parts.pace.all_is_well()
        elif plan.ahead:
            self.parts.pace.soon()

    def _note_reach(self, picture: Picture) -> None:
        """Those that answered nothing of a whole picture are silent."""
        now, reachable = self.parts.monotonic(), picture.reachable()
        self.parts.reach.answered(reachable, now)
        for server in set(self.parts.host.nameservers) - reachable:
            self.parts.reach.asked(server, now)

    def _keep_catalog(self, picture: Picture, plan: Plan) -> None:
        """Mend a catalog that the primary lost, go over a secondary that is ahead of it, and tell joins and leaves."""
        own, over = picture.catalog_serials()
        if own is None and self.parts.host.primary in picture.reachable():
            self.launcher.mend_catalog()
        if picture.members is None or picture.ahead is None:  # nobody goes over members that cannot be read
            self.parts.pace.soon()
            return
        self.parts.membership.learn(picture.members)
        self.parts.membership.remove(plan.leave)
        for standing in filter(self.parts.zones.stood_still, plan.join):
            self.parts.membership.join(standing.uuid, standing.name)
        self._let_rejoin(picture, plan)
        if own is not None and over is not None:
            self.parts.membership.adopt(reconcile.adopted(picture), climb(own, over))
            self.parts.pace.soon()

    def _let_rejoin(self, picture: Picture, plan: Plan) -> None:
        """A member that no secondary serves for several full turns was dropped by them: it leaves, and joins again."""
        missed = [one for one in plan.await_secondaries if picture.is_missed(one)]
        self._missed = Counter({one.uuid: self._missed[one.uuid] + 1 for one in missed})
        for standing in filter(self.parts.zones.stood_still, missed):
            if self._missed[standing.uuid] >= MISSED_TURNS:
                log.warning("event=member-rejoins zone=%s", print_domain(standing.name))
                self.parts.membership.leave(standing.uuid, standing.name)
                self.parts.pace.soon()

    def _record(self, picture: Picture, plan: Plan) -> None:
        with self.parts.store.writing():
            for standing in filter(self.parts.zones.stood_still, plan.removed):
                self.record_removal(standing)
            for standing in filter(self.parts.zones.stood_still, plan.live):
                self.parts.verifier.drop(standing.name)
                self.parts.recorder.compared(standing, picture.served(standing.name))
            for standing in filter(self.parts.zones.stood_still, (*plan.deploy, *plan.await_secondaries)):
                self.parts.recorder.seen(standing.uuid, standing.serial, picture.served(standing.name))
            strays.note([(stray.label, stray.name) for stray in picture.strays], self.parts.clock())

    def _confirm(self, picture: Picture, began: datetime) -> None:
        """Store when the nameservers were queried, after what each left unanswered."""
        answering = {server for (server, name), answer in picture.answers.items() if answer and name != picture.catalog}
        with self.parts.store.writing():
            for standing in picture.standings:
                missing = answering - picture.served(standing.name).keys()
                if missing:
                    self.parts.recorder.unanswered(standing.uuid, missing)
            self.parts.recorder.confirm(answering, began)

    def _act(self, plan: Plan) -> None:
        for standing, served in plan.ahead:
            if self.parts.zones.stood_still(standing):
                self._raise_over(standing, served)
        if len(plan.rewrite) > MOST_REWRITTEN:
            self.parts.pace.at_once()
        for standing in filter(self.parts.zones.stood_still, plan.rewrite[:MOST_REWRITTEN]):
            log.warning("event=file-touched zone=%s", print_domain(standing.name))
            self._raise_over(standing, standing.serial)
        for standing in filter(self.parts.zones.stood_still, plan.await_secondaries):
            self.parts.verifier.watch(standing.uuid, standing.name, standing.serial, self.parts.monotonic())
        for standing in (*plan.deploy, *plan.withdraw):
            if self.parts.zones.stood_still(standing):
                self.parts.zones.want(standing)

    def _raise_over(self, standing: Standing, served: int) -> None:
        """Lift the zone over a serial that is served with another content, unless it has moved on by itself."""
        zone = zones.get_any(standing.uuid)
        if zone.deleted_at or (zone.serial != standing.serial and not is_ahead(served, zone.serial)):
            return
        raised = self.parts.editor.raise_serial(standing.uuid, served)
        name = print_domain(standing.name)
        log.warning("event=serial-raised zone=%s served=%d serial=%d", name, served, raised.serial)
        self.parts.zones.want(standing)

    def _keep_strays(self, picture: Picture) -> None:
        """Zones that the store never knew stay, unless an operator said otherwise."""
        allowed = strays.allowed()
        for stray in picture.strays:
            if self.allow_removals or stray.label in allowed:
                self.launcher.remove_stray(stray)
                self.parts.pace.soon()
