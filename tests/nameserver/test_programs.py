"""Programs: run without a shell, killed at the time limit, their output returned."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import CommandFailed, CommandTimeout, MissingProgram
from appliance.nameserver.programs import Started, find_program, run
from tests.pair import program, wait_for


def test_both_streams_and_the_status_are_returned() -> None:
    finished = run(("sh", "-c", "cat; echo said >&2; exit 3"), timeout=10, stdin=b"given\n", accept=(3,))
    assert (finished.status, finished.output) == (3, "given\nsaid\n")


def test_arguments_are_not_interpreted_by_a_shell() -> None:
    assert run(("echo", "$(id); a"), timeout=10).output == "$(id); a\n"


def test_the_locale_is_c() -> None:
    assert run(("sh", "-c", "echo $LC_ALL"), timeout=10).output == "C\n"


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MissingProgram, match="No such file"):
        run((str(tmp_path / "nothing"),), timeout=10)


def test_a_program_that_is_not_executable_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n")
    with pytest.raises(MissingProgram):
        run((str(tmp_path / "program"),), timeout=10)


def test_an_unexpected_status_is_a_failure_with_the_last_line() -> None:
    with pytest.raises(CommandFailed, match="exit status 2: the reason"):
        run(("sh", "-c", "echo first; echo the reason; echo; exit 2"), timeout=10)


def test_a_signal_is_a_failure_even_if_its_number_is_accepted() -> None:
    with pytest.raises(CommandFailed, match="signal 9"):
        run(("sh", "-c", "kill -9 $$"), timeout=10, accept=(0, 9))


def test_at_the_time_limit_the_children_are_killed_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(CommandTimeout):
        run(("sh", "-c", f"sleep 1000 & echo $! > {note}; wait"), timeout=0.5)
    child = Path("/proc") / note.read_text().strip()
    wait_for(lambda: not child.exists() or "(zombie)" in (child / "status").read_text(), "the child has ended")


def test_a_started_program_waits_for_its_input(tmp_path: Path) -> None:
    started = Started(("sh", "-c", f"echo $$ > {tmp_path}/pid; cat; exit 1"))
    wait_for((tmp_path / "pid").exists, "it runs")
    finished = started.finish(timeout=10, stdin=b"given\n" * 100_000, accept=(1,))
    assert (finished.status, finished.output) == (1, "given\n" * 100_000)


def test_the_beginning_of_the_input_may_be_given_before() -> None:
    started = Started(("sh", "-c", "read first; echo read; cat"))
    started.write(b"first\nsecond ")
    assert started.finish(timeout=10, stdin=b"third").output == "read\nsecond third"
    ended = Started(("true",))
    ended.write(b"x")
    assert ended.finish(timeout=10, stdin=b"x" * 100_000).status == 0


@pytest.mark.parametrize("length", [0, 10, 1_000_000])
def test_the_end_of_the_input_may_be_given_without_waiting(length: int) -> None:
    started = Started(("sh", "-c", "cat"))
    started.write(b"first ")
    started.write_end(b"x" * length)
    assert started.finish(timeout=10).output == "first " + "x" * length
    ended = Started(("true",))
    ended.write_end(b"x" * length)
    assert ended.finish(timeout=10).status == 0


def test_a_started_program_that_is_not_needed_is_killed(tmp_path: Path) -> None:
    started = Started(("sh", "-c", f"trap '' TERM; echo $$ > {tmp_path}/pid; sleep 1000"))
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "it runs")
    started.kill()
    assert not (Path("/proc") / (tmp_path / "pid").read_text().strip()).exists()


def test_output_that_ended_does_not_extend_the_time_limit() -> None:
    with pytest.raises(CommandTimeout):
        run(("sh", "-c", "exec >&- 2>&-; sleep 1000"), timeout=0.5)


def test_a_program_is_found_by_its_name_else_its_name_is_returned() -> None:
    assert Path(find_program("named-checkzone")).name == Path(program("named-checkzone")).name
    assert find_program("no-such-program") == "no-such-program"
