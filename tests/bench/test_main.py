"""The options of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import CASES, parse, scale_of, selected
from bench.own.cases import OWN_CASES
from bench.report import COMPARISON, DOCS, OWN
from bench.scale import DEFAULT, LARGE, SMOKE


def test_a_run_without_options_compares_everything_and_writes_the_documents() -> None:
    options = parse([])
    assert scale_of(options) == DEFAULT
    assert selected(options) == {COMPARISON: CASES}
    assert options.output == DOCS


@pytest.mark.parametrize("argv", [["--only", "floor"], ["--rounds", "3"], ["--smoke"]])
def test_a_part_of_a_run_is_only_printed(argv: list[str]) -> None:
    assert parse(argv).output is None
    assert parse([*argv, "--output", "folder"]).output == Path("folder")


def test_sizes() -> None:
    assert scale_of(parse(["--smoke"])) == SMOKE
    assert scale_of(parse(["--large"])) == LARGE
    assert scale_of(parse(["--large", "--rounds", "50"])).rounds == 50


def test_cases_run_in_their_order_whatever_the_order_of_the_options() -> None:
    chosen = selected(parse(["--only", "zones", "--only", "doors", "--only", "floor"]))
    assert {part: list(cases) for part, cases in chosen.items()} == {COMPARISON: ["floor", "zones"], OWN: ["doors"]}
    assert selected(parse(["--own"])) == {OWN: OWN_CASES}


@pytest.mark.parametrize("argv", [["--only", "nothing"], ["--rounds", "0"], ["--rounds", "x"], ["--smoke", "--large"]])
def test_wrong_options_are_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(argv)
    assert argv[0] in capsys.readouterr().err
