"""The plot of medians by size."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

from bench.plot import HEIGHT, WIDTH, curves, svg
from tests.bench.samples import changes

SVG = {"svg": "http://www.w3.org/2000/svg"}


def test_each_system_and_point_is_a_curve() -> None:
    found = {(curve.system, curve.point): curve.medians for curve in curves(changes(), "one record changed")}
    assert list(found["powerdns", "ns2"]) == [(10.0, 6.1), (1_000.0, 12.1), (100_000.0, 300.1)]
    assert [len(medians) for medians in found.values()] == [3, 3, 2, 3]
    assert not curves(changes(), "zone created")


def test_the_plot_is_a_picture_with_all_medians() -> None:
    picture = ET.fromstring(svg("A < B", "records", curves(changes(), "one record changed")))  # noqa: S314
    dots = picture.findall(".//svg:circle", SVG)
    assert len(dots) == 11
    assert all(0 < float(dot.attrib["cx"]) < WIDTH and 0 < float(dot.attrib["cy"]) < HEIGHT for dot in dots)
    hints = [dot.findtext("svg:title", "", SVG) for dot in dots]
    assert "PowerDNS, ns2, 100,000: 300 ms" in hints
    assert picture.findtext("svg:title", "", SVG) == "A < B"


def test_names_of_close_curves_do_not_overlap() -> None:
    picture = ET.fromstring(svg("", "", curves(changes(), "one record changed")))  # noqa: S314
    heights = sorted(float(text.attrib["y"]) for text in picture.findall(".//svg:text[@class='label']", SVG))
    assert len(heights) == 4
    assert all(below - above >= 17 for above, below in pairwise(heights))


def test_one_size_is_drawn_too() -> None:
    alone = [one for one in changes() if one.size == "10 records"]
    assert "<circle" in svg("", "", curves(alone, "one record changed"))
