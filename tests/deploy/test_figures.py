"""What the deployer counts."""

from __future__ import annotations

from appliance.deploy.figures import Figures


def test_numbers_are_counted_and_replaced_by_name_and_label() -> None:
    figures = Figures()
    figures.count("published", "file")
    figures.count("published", "file", 2)
    figures.count("published", "update")
    figures.set("oldest", 7)
    figures.set("oldest", 5)
    assert figures.values == {"published": {"file": 3, "update": 1}, "oldest": {"": 5}}
