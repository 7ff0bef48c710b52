"""A plot of how a time grows with a size, as an SVG that suits a light and a dark page. Both axes are logarithmic."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from bench.series import APPLIANCE, POWERDNS, Series
from bench.table import number

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 92, 150, 56, 58
MIDDLE = (LEFT + WIDTH - RIGHT) / 2
NAMESPACE = "http://www.w3.org/2000/svg"
NAMES = {APPLIANCE: "appliance", POWERDNS: "PowerDNS"}
STYLE = """\
    .page { fill: #ffffff; stroke: #d0d7de }
    .grid { stroke: #d0d7de; stroke-width: 1 }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
    .ns1 { stroke-dasharray: 7 5 }
    .appliance { stroke: #0969da; --ink: #0969da }
    .powerdns { stroke: #bc4c00; --ink: #bc4c00 }
    .dot { stroke: none; fill: var(--ink) }
    text { fill: #1f2328; font: 13px system-ui, sans-serif }
    .title { font-size: 16px; font-weight: 600 }
    .axis { fill: #57606a }
    .label { fill: var(--ink); stroke: none; font-weight: 600 }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; stroke: #3d444d }
      .grid { stroke: #3d444d }
      .appliance { stroke: #4493f8; --ink: #4493f8 }
      .powerdns { stroke: #f0883e; --ink: #f0883e }
      text { fill: #f0f6fc }
      .axis { fill: #9198a1 }
      .label { fill: var(--ink) }
    }
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """The medians of one system and point, in milliseconds, by size."""

    system: str
    point: str
    medians: tuple[tuple[float, float], ...]


def curves(series: Iterable[Series], case: str, points: Sequence[str] = ("ns1", "ns2")) -> list[Curve]:
    """Return a curve for each system and point of a case; the size of a series begins with its number."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in series:
        if one.case == case and one.point in points:
            found.setdefault((one.system, one.point), []).append((_leading_number(one.size), one.median))
    return [Curve(system, point, tuple(sorted(medians))) for (system, point), medians in found.items()]


def svg(title: str, x_label: str, drawn: Sequence[Curve]) -> str:
    """Return the plot."""
    sizes = sorted({size for curve in drawn for size, _ in curve.medians})
    times = [milliseconds for curve in drawn for _, milliseconds in curve.medians]
    across = _Axis(math.log10(sizes[0]), math.log10(sizes[-1]), LEFT, WIDTH - RIGHT)
    up = _Axis(math.floor(math.log10(min(times))), math.ceil(math.log10(max(times))), HEIGHT - BOTTOM, TOP)
    return "\n".join(
        [
            f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
            f'  <title id="title">{escape(title)}</title>',
            f"  <style>\n{STYLE}  </style>",
            f'  <rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
            f'  <text class="title" x="{LEFT}" y="32">{escape(title)}</text>',
            *_grid(across, up, sizes),
            f'  <text class="axis middle" x="{MIDDLE:g}" y="{HEIGHT - 16}">{escape(x_label)}</text>',
            *(line for curve in drawn for line in _curve(curve, across, up)),
            *_labels(drawn, up),
            "</svg>\n",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """Maps a logarithm to a coordinate."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / ((self.high - self.low) or 1)
        return round(self.start + share * (self.end - self.start), 1)


def _grid(across: _Axis, up: _Axis, sizes: Sequence[float]) -> Iterator[str]:
    for exponent in range(int(up.low), int(up.high) + 1):
        y = up.at(10.0**exponent)
        yield f'  <path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        yield f'  <text class="axis end" x="{LEFT - 10}" y="{y + 4:g}">{10.0**exponent:,g} ms</text>'
    for size in sizes:
        yield f'  <text class="axis middle" x="{across.at(size)}" y="{HEIGHT - BOTTOM + 20}">{size:,.0f}</text>'


def _curve(curve: Curve, across: _Axis, up: _Axis) -> Iterator[str]:
    places = [(across.at(size), up.at(milliseconds)) for size, milliseconds in curve.medians]
    path = "L".join(f"{x} {y}" for x, y in places)
    yield f'  <g class="{curve.system}"><path class="line {curve.point}" d="M{path}"/>'
    for (x, y), (size, milliseconds) in zip(places, curve.medians, strict=True):
        hint = f"{NAMES[curve.system]}, {curve.point}, {size:,.0f}: {number(milliseconds)} ms"
        yield f'  <circle class="dot" cx="{x}" cy="{y}" r="4"><title>{escape(hint)}</title></circle>'
    yield "  </g>"


def _labels(drawn: Sequence[Curve], up: _Axis) -> Iterator[str]:
    """Yield the name of each curve at its end, at least a line below the one above."""
    lowest = 0.0
    for curve in sorted(drawn, key=lambda one: -one.medians[-1][1]):
        lowest = max(up.at(curve.medians[-1][1]) + 4, lowest + 17)
        text = (
            f'<text class="label" x="{WIDTH - RIGHT + 12}" y="{lowest:g}">{NAMES[curve.system]}, {curve.point}</text>'
        )
        yield f'  <g class="{curve.system}">{text}</g>'


def _leading_number(size: str) -> float:
    found = re.match(r"[\d,]+", size)
    return float(found[0].replace(",", "")) if found else 1.0
