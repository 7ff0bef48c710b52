"""Run all checks in order. Skip a check when one that it needs failed, so that one fault gives one failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.doctor import answers, channels, folders, installed, nameservers, programs, signing, storage, zones
from appliance.doctor.result import DoctorContext, Result, Verdict, fail
from appliance.errors import ApplianceError


@dataclass(frozen=True, slots=True)
class Check:
    """A check, its name, and the names of the checks that must pass before it."""

    name: str
    run: Callable[[DoctorContext], Iterator[Result]]
    needs: frozenset[str] = frozenset()


def _check(name: str, run: Callable[[DoctorContext], Iterator[Result]], *needs: str) -> Check:
    return Check(name, run, frozenset(needs))


CHECKS = (
    _check("programs", programs.versions),
    _check("settings", programs.complete_settings),
    _check("store", storage.sound_store, "settings"),
    _check("rights", installed.rights, "settings"),
    _check("store-mode", storage.closed_store, "store", "rights"),
    _check("log", storage.merged_log, "store"),
    _check("hidden-records", zones.hidden_records, "store", "settings"),
    _check("clock", storage.plausible_clock, "store"),
    _check("keys", folders.closed_keys, "settings", "rights"),
    _check("zone-directory", folders.zone_directory, "rights"),
    _check("space", folders.space, "zone-directory", "store"),
    _check("apparmor", folders.apparmor),
    _check("named-conf", channels.configurations, "programs"),
    _check("signing-policy", signing.policy, "store", "named-conf"),
    _check("signing-keys", signing.keys, "store", "zone-directory"),
    _check("signing-ttl", signing.ttl, "store", "settings"),
    _check("signing-clock", signing.clock, "store"),
    _check("units", installed.units, "settings", "store", "keys"),
    _check("primary", nameservers.primary, "settings", "units"),
    _check("secondaries", nameservers.secondaries, "settings"),
    _check("updates", nameservers.updates, "store", "primary", "clock"),
    _check("control", channels.control, "keys", "primary"),
    _check("transfer", channels.transfers, "keys", "primary"),
    _check("deployer", answers.deployer, "store", "units", "clock"),
    _check("catalog", answers.catalog, "store", "transfer"),
    _check("files", answers.files, "settings", "store", "zone-directory", "deployer"),
    _check("answers", answers.answers, "store", "transfer", "deployer"),
    _check("suspended", answers.suspended, "store", "control"),
    _check("problems", answers.problems, "store", "control", "transfer", "primary", "secondaries", "deployer"),
)


def examine(context: DoctorContext, begin: Callable[[str], None] = lambda _name: None) -> Iterator[tuple[str, Result]]:
    """Yield the name of each check with each of its results; call `begin` with the name before a check runs."""
    failed: set[str] = set()
    for check in CHECKS:
        missing = sorted(check.needs & failed)
        if missing:
            failed.add(check.name)
            yield check.name, Result(Verdict.SKIP, f"skipped: the check {missing[0]} must pass first")
            continue
        begin(check.name)
        for result in _run(check, context):
            if result.verdict is Verdict.FAIL:
                failed.add(check.name)
            yield check.name, result


def _run(check: Check, context: DoctorContext) -> Iterator[Result]:
    try:
        yield from check.run(context)
    except (ApplianceError, OSError) as error:
        yield fail(str(error), "run doctor as root; if it still fails, see docs/recovery.md")
