"""The checkers: a valid zone passes, an invalid one is refused with a reason, a checker that fails is an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import dns.name
import pytest

from appliance.errors import CommandFailed, CommandTimeout, MissingProgram
from appliance.nameserver.checks import ZoneChecker
from tests.pair import program, small_zone, wait_for

VALID = dns.name.from_text("good.test")
INVALID = dns.name.from_text("bad.test")


@pytest.fixture(params=[0, 2], ids=["started when needed", "started ahead"])
def checker(request: pytest.FixtureRequest) -> Iterator[ZoneChecker]:
    """The checkers of this machine, of which some wait, or none."""
    found = ZoneChecker(program("named-checkzone"), program("named-checkconf"))
    with found.started_ahead(request.param) if request.param else nullcontext():
        yield found


def staged(folder: Path, zone: dns.name.Name, more: str = "") -> dict[dns.name.Name, Path]:
    path = folder / f"{len(list(folder.iterdir()))}.staged"
    path.write_bytes(small_zone(zone, 1) + more.encode())
    return {zone: path}


def test_a_valid_zone_passes_alone_and_with_others(checker: ZoneChecker, tmp_path: Path) -> None:
    one = staged(tmp_path, VALID)
    assert checker.check(one) == {}
    assert checker.check(one | staged(tmp_path, INVALID)) == {}
    assert checker.check({}) == {}


def test_a_refusal_is_reported_for_its_zone(checker: ZoneChecker, tmp_path: Path) -> None:
    zones = staged(tmp_path, VALID) | staged(tmp_path, INVALID, "bad.test. 300 IN CNAME good.test.\n")
    refusals = checker.check(zones)
    assert list(refusals) == [INVALID]
    assert "CNAME and other data" in refusals[INVALID] and str(tmp_path) not in refusals[INVALID]


@pytest.mark.parametrize(
    "more",
    [
        "www.bad.test. 300 IN A 192.0.2.999\n",
        "other.test. 300 IN A 192.0.2.1\n",
        "bad.test. 300 IN NS ns.bad.test.\n",
        'x.bad.test. 300 IN TXT "unfinished\n',
        "bad.test. 300 IN SOA a. b. 2 1 1 1 1\n",
    ],
)
def test_an_invalid_zone_is_refused_alone_and_with_others(checker: ZoneChecker, tmp_path: Path, more: str) -> None:
    bad = staged(tmp_path, INVALID, more)
    assert checker.check(bad)[INVALID]
    assert list(checker.check(bad | staged(tmp_path, VALID))) == [INVALID]


@pytest.mark.parametrize(
    "more",
    [
        "_foo.good.test. 300 IN A 192.0.2.1\n",
        "m.good.test. 300 IN MX 10 c.good.test.\nc.good.test. 300 IN CNAME www.good.test.\n",
        "_s._tcp.good.test. 300 IN SRV 0 0 1 c.good.test.\nc.good.test. 300 IN CNAME www.good.test.\n",
        'good.test. 300 IN TXT "v=spf1 -all"\n*.x.*.good.test. 300 IN A 192.0.2.1\n',
        "_dns.good.test. 300 IN SVCB 1 dns.example.net. port=853\n",
    ],
)
def test_style_is_not_checked(checker: ZoneChecker, tmp_path: Path, more: str) -> None:
    good = staged(tmp_path, VALID, more)
    assert checker.check(good) == {}
    assert checker.check(good | staged(tmp_path, INVALID)) == {}


def test_the_options_are_those_of_the_installed_release(tmp_path: Path) -> None:
    fake, seen = tmp_path / "checker", tmp_path / "seen"
    for release, expected in (("9.18.49", False), ("9.20.30", True)):
        fake.write_text(
            f'#!/bin/sh\n[ "$1" != -v ] || {{ echo {release}; exit; }}\n(echo "$@"; cat) >> {seen}\nexit 1\n'
        )
        fake.chmod(0o755)
        seen.write_text("")
        zones = staged(tmp_path, VALID)
        assert ZoneChecker(str(fake), str(fake)).check(zones | staged(tmp_path, INVALID))
        assert ("-C check-svcb:ignore" in seen.read_text()) is expected
        assert ("check-svcb no;" in seen.read_text()) is expected


def test_a_name_that_looks_like_an_option_is_a_name(checker: ZoneChecker, tmp_path: Path) -> None:
    zone = dns.name.from_text("-v")
    assert checker.check(staged(tmp_path, zone)) == {}
    assert zone in checker.check(staged(tmp_path, zone, "broken"))


@pytest.mark.parametrize("count", [0, 2])
def test_a_checker_reads_the_zones_meanwhile(tmp_path: Path, count: int) -> None:
    fake, note = tmp_path / "checker", tmp_path / "note"
    fake.write_text(f'#!/bin/sh\n[ "$1" != -v ] || {{ echo 9.18.49; exit; }}\ncat > {note}.new\nmv {note}.new {note}\n')
    fake.chmod(0o755)
    checker = ZoneChecker("/bin/true", str(fake))
    calls = []

    def meanwhile() -> None:
        calls.append("meanwhile")
        wait_for(note.exists, "the checker has read its input")

    zones = staged(tmp_path, VALID) | staged(tmp_path, INVALID)
    with checker.started_ahead(count) if count else nullcontext():
        assert checker.check(zones, meanwhile) == {}
    assert calls == ["meanwhile"]


def test_what_is_done_meanwhile_is_done_without_a_checker_too(tmp_path: Path) -> None:
    calls: list[str] = []
    checker = ZoneChecker("/bin/true", "/nonexistent/checkconf")
    for zones in (staged(tmp_path, VALID), staged(tmp_path, VALID) | staged(tmp_path, INVALID)):
        assert checker.check(zones, lambda: calls.append("meanwhile")) == {}
    assert calls == ["meanwhile", "meanwhile"]


def test_a_checker_is_ended_if_something_fails_meanwhile(tmp_path: Path) -> None:
    fake, pid = tmp_path / "checker", tmp_path / "pid"
    fake.write_text(f'#!/bin/sh\n[ "$1" != -v ] || {{ echo 9.18.49; exit; }}\necho $$ > {pid}\nexec sleep 1000\n')
    fake.chmod(0o755)

    def fail() -> None:
        wait_for(lambda: pid.exists() and pid.read_text(), "the checker runs")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ZoneChecker("/bin/true", str(fake)).check(staged(tmp_path, VALID) | staged(tmp_path, INVALID), fail)
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_a_missing_checker_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingProgram):
        ZoneChecker("/nonexistent/checkzone", "/nonexistent/checkconf").check(staged(tmp_path, VALID))


@pytest.mark.parametrize(
    ("script", "error"),
    [("exec sleep 1000", CommandTimeout), ("kill -9 $$", CommandFailed), ("exit 137", CommandFailed)],
)
def test_a_checker_that_hangs_or_dies_is_an_error(tmp_path: Path, script: str, error: type[Exception]) -> None:
    fake = tmp_path / "checker"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    checker = ZoneChecker(str(fake), str(fake), timeout=0.5)
    one = staged(tmp_path, VALID)
    for zones in (one, one | staged(tmp_path, INVALID)):
        with pytest.raises(error):
            checker.check(zones)


def test_output_that_lists_not_every_zone_is_no_verdict(tmp_path: Path) -> None:
    zones = staged(tmp_path, VALID) | staged(tmp_path, INVALID, "www.bad.test. 300 IN A 192.0.2.999\n")
    for said in ("", "zone good.test/IN: loaded serial 1"):
        fake = tmp_path / "checker"
        fake.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{said}'\n")
        fake.chmod(0o755)
        assert list(ZoneChecker(program("named-checkzone"), str(fake)).check(zones)) == [INVALID]


def test_a_path_cannot_end_its_string(checker: ZoneChecker, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="path"):
        checker.check({VALID: tmp_path / 'x"; }; include "/etc/passwd', INVALID: tmp_path / "y"})
