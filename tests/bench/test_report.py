"""The files that a run writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.report import COMPARISON, DOCS, OWN, Results, with_figures, write
from tests.bench.samples import changes

RESULTS = Results({"processor": "2 cores"}, {"load before": 0.1}, changes())
DOCUMENT = "# Title\n\n<!-- figures: comparison -->\nold\n<!-- end of figures: comparison -->\n\nEnd.\n"


def test_a_run_writes_json_plots_and_the_tables_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "performance.md").write_text(DOCUMENT)
    written = write(COMPARISON, RESULTS, tmp_path)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in written)
    assert names == ["performance.md", "performance/changes.svg", "performance/comparison.json"]
    assert Results.from_json((tmp_path / "performance" / "comparison.json").read_text()) == RESULTS
    text = (tmp_path / "performance.md").read_text()
    assert text.startswith("# Title\n") and text.endswith("-->\n\nEnd.\n") and "old" not in text
    assert "processor: 2 cores." in text and "| 10 records | ns1, ms | 3 |" in text


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    once = with_figures(DOCUMENT, COMPARISON, RESULTS)
    assert with_figures(once, COMPARISON, RESULTS) == once


def test_a_document_without_the_comments_is_refused() -> None:
    with pytest.raises(ValueError, match="end of figures: comparison"):
        with_figures("# Title\n", COMPARISON, RESULTS)


def test_another_folder_needs_no_document(tmp_path: Path) -> None:
    assert [path.name for path in write(OWN, RESULTS, tmp_path / "new")] == ["appliance.json", "changes.svg"]


@pytest.mark.parametrize("part", [COMPARISON, OWN])
def test_the_document_of_this_project_has_a_place_for_each_part(part: str) -> None:
    assert "| 10 records |" in with_figures((DOCS / "performance.md").read_text("utf-8"), part, RESULTS)
