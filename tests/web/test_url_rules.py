"""Applications share how URLs are built from their rules, and each builds its own."""

from __future__ import annotations

from werkzeug.routing import Map, UnicodeConverter

from appliance.web.url_rules import UrlRule


def test_a_url_is_built_as_by_werkzeug() -> None:
    for _ in range(2):
        bound = Map([UrlRule("/zones/<int:number>/<rule>/", endpoint="zone")]).bind("localhost")
        assert bound.build("zone", {"number": 7, "rule": "a b"}) == "/zones/7/a%20b/"
        assert bound.build("zone", {"number": 8, "rule": "c", "page": "2"}) == "/zones/8/c/?page=2"
        assert bound.build("zone", {"number": 9, "rule": "d", "page": "2"}, append_unknown=False) == "/zones/9/d/"


class _Hidden(UnicodeConverter):
    """A converter that shows none of its value."""

    def to_url(self, value: object) -> str:
        """Return what is shown in its place."""
        return "x"


def test_each_map_keeps_its_converters() -> None:
    for converter, path in ((UnicodeConverter, "/a/"), (_Hidden, "/x/")):
        bound = Map([UrlRule("/<word:text>/", endpoint="page")], converters={"word": converter}).bind("localhost")
        assert bound.build("page", {"text": "a"}) == path
