"""Write the results of a run: JSON, plots, and the tables of docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.plot import curves, svg
from bench.series import Series, compare, from_json, to_json
from bench.table import markdown

DOCS = Path(__file__).parent.parent / "docs"
COMPARISON, OWN = "comparison", "appliance"
"""The parts of the document, each with figures of one run."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of a case, and its file."""

    file: str
    title: str
    x_label: str
    case: str


PLOTS = (
    Plot(
        "changes.svg",
        "One record changed, until each nameserver answers with it",
        "records in the zone",
        "one record changed",
    ),
    Plot("zones.svg", "Zone created, until each nameserver serves it", "zones present", "zone created"),
)


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured, where, and how noisy that machine was."""

    machine: Mapping[str, str]
    noise: Mapping[str, float]
    series: Sequence[Series]

    def to_json(self) -> str:
        """Return the results as JSON, a line for each series."""
        lines = ",\n".join(f"  {json.dumps(to_json(one))}" for one in self.series)
        head = {"machine": dict(self.machine), "noise": dict(self.noise)}
        return f'{json.dumps(head, indent=1)[:-2]},\n "series": [\n{lines}\n ]\n}}\n'

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Return the results of that JSON."""
        document: dict[str, Any] = json.loads(text)
        return cls(document["machine"], document["noise"], [from_json(one) for one in document["series"]])

    def conditions(self) -> str:
        """Return machine and noise as one sentence each."""
        machine = "; ".join(f"{name}: {value}" for name, value in self.machine.items())
        noise = "; ".join(f"{name}: {value}" for name, value in self.noise.items())
        return f"{machine}.\n\nNoise: {noise}.\n"


def write(part: str, results: Results, docs: Path = DOCS) -> list[Path]:
    """Write JSON and plots into `docs/performance/` and the tables into `docs/performance.md`; return the files."""
    folder, document = docs / "performance", docs / "performance.md"
    texts = {folder / f"{part}.json": results.to_json()}
    for plot in PLOTS:
        if drawn := curves(results.series, plot.case):
            texts[folder / plot.file] = svg(plot.title, plot.x_label, drawn)
    if document.exists():
        texts[document] = with_figures(document.read_text("utf-8"), part, results)
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return list(texts)


def with_figures(text: str, part: str, results: Results) -> str:
    """Return the document with these figures between the comments of the part; raise ValueError if it lacks these."""
    begin, end = f"<!-- figures: {part} -->", f"<!-- end of figures: {part} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the document lacks {begin} or {end}")
    measured = {one.case for one in results.series}
    plots = [f"![{plot.title}](performance/{plot.file})\n" for plot in PLOTS if plot.case in measured]
    return (
        "\n".join([f"{before}{begin}\n", *plots, results.conditions(), markdown(compare(results.series)), end]) + after
    )
