"""All checks in their order. What needs something that has failed is not looked at: one fault gives one complaint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.doctor import answers, channels, folders, installed, programs, storage
from appliance.doctor.result import DoctorContext, Result, Verdict, fail
from appliance.errors import ApplianceError


@dataclass(frozen=True, slots=True)
class Check:
    """A function that looks at one thing, under the name that others need it by."""

    name: str
    look: Callable[[DoctorContext], Iterator[Result]]
    needs: frozenset[str] = frozenset()


def _check(name: str, look: Callable[[DoctorContext], Iterator[Result]], *needs: str) -> Check:
    return Check(name, look, frozenset(needs))


CHECKS = (
    _check("programs", programs.versions),
    _check("settings", programs.complete_settings),
    _check("store", storage.sound_store, "settings"),
    _check("rights", installed.rights, "settings"),
    _check("store-mode", storage.closed_store, "store", "rights"),
    _check("clock", storage.plausible_clock, "store"),
    _check("keys", folders.closed_keys, "settings", "rights"),
    _check("zone-directory", folders.zone_directory, "rights"),
    _check("space", folders.space, "zone-directory", "store"),
    _check("apparmor", folders.apparmor),
    _check("named-conf", channels.configurations, "programs"),
    _check("units", installed.units, "settings", "store", "keys"),
    _check("primary", answers.primary, "settings", "units"),
    _check("secondaries", answers.secondaries, "settings"),
    _check("control", channels.control, "keys", "primary"),
    _check("transfer", channels.transfers, "keys", "primary"),
    _check("deployer", answers.deployer, "store", "units", "clock"),
    _check("catalog", answers.catalog, "store", "transfer"),
    _check("files", answers.files, "settings", "store", "zone-directory", "deployer"),
    _check("answers", answers.answers, "store", "transfer", "deployer"),
)


def examine(site: DoctorContext, begin: Callable[[str], None] = lambda _name: None) -> Iterator[tuple[str, Result]]:
    """Each check's name with each of its results; `begin` is told the name of a check before it."""
    failed: set[str] = set()
    for check in CHECKS:
        missing = sorted(check.needs & failed)
        if missing:
            failed.add(check.name)
            yield check.name, Result(Verdict.SKIP, f"not looked at: {missing[0]} comes first")
            continue
        begin(check.name)
        for result in _looked(check, site):
            if result.verdict is Verdict.FAIL:
                failed.add(check.name)
            yield check.name, result


def _looked(check: Check, site: DoctorContext) -> Iterator[Result]:
    try:
        yield from check.look(site)
    except (ApplianceError, OSError) as error:
        yield fail(str(error), "see what the line names (is this user root?), and docs/recovery.md")
