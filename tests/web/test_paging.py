"""Pages of a list: the requested page, and links to its neighbours."""

from __future__ import annotations

import pytest
from flask import Flask

from appliance.store.zones import Page
from appliance.web.paging import find_page, last_page, neighbours, page_query, pager, pager_within

APP = Flask("test")


@pytest.mark.parametrize(
    ("query", "number"),
    [("", 1), ("page=1", 1), ("page=7", 7), ("page=0", 1), ("page=-1", 1), ("page=x", 1), ("page=1234567", 1)],
)
def test_the_requested_page(query: str, number: int) -> None:
    with APP.test_request_context(f"/?{query}"):
        assert pager(10) == Page(number, 10)
        assert pager_within(25, 10) == Page(min(number, 3), 10)


@pytest.mark.parametrize(
    ("query", "rows", "number"), [("", [0, 1], 1), ("page=2", [2, 3], 2), ("page=3", [4], 3), ("page=99", [4], 3)]
)
def test_a_page_after_the_last_is_the_last(query: str, rows: list[int], number: int) -> None:
    def find(page: Page) -> tuple[list[int], int]:
        return list(range(5))[page.offset :][: page.size], 5

    with APP.test_request_context(f"/?{query}"):
        assert find_page(2, find) == (rows, 5, Page(number, 2))
        assert find_page(2, lambda _: ([], 0))[:2] == ([], 0)


@pytest.mark.parametrize(("total", "last"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_the_last_page(total: int, last: int) -> None:
    assert last_page(total, 10) == last


def test_a_link_keeps_the_rest_of_the_query() -> None:
    with APP.test_request_context("/?search=a+b%26c&page=2"):
        assert page_query(3) == "?search=a+b%26c&page=3"


@pytest.mark.parametrize(
    ("number", "newer", "older", "rows"),
    [(1, None, "?page=2", (1, 10)), (3, "?page=2", None, (21, 25)), (9, "?page=3", None, (25, 25))],
)
def test_neighbours(number: int, newer: str | None, older: str | None, rows: tuple[int, int]) -> None:
    with APP.test_request_context("/"):
        shown = neighbours(25, Page(number, 10))
    assert (shown["newer"], shown["older"], shown["last"], shown["total"]) == (newer, older, 3, 25)
    assert (shown["first_row"], shown["last_row"]) == rows
