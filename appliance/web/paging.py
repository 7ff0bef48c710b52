"""Pages of a list: the requested page, and the links to its neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from flask import request

from appliance.store.zones import Page

Row = TypeVar("Row")

_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


def pager(size: int) -> Page:
    """Return the page that the query requests, by default the first."""
    number = request.args.get("page", "1")
    return Page(int(number) if _NUMBER.fullmatch(number) else 1, size)


def pager_within(total: int, size: int) -> Page:
    """Return the page that the query requests, at most the last."""
    return Page(min(pager(size).number, last_page(total, size)), size)


def find_page(size: int, find: Callable[[Page], tuple[list[Row], int]]) -> tuple[list[Row], int, Page]:
    """Return the rows of the requested page, at most the last, their number on all pages, and the page."""
    page = pager(size)
    rows, total = find(page)
    if not rows and total:
        page = pager_within(total, size)
        rows, total = find(page)
    return rows, total, page


def last_page(total: int, size: int) -> int:
    """Return the number of the last page; an empty list has one page."""
    return max(1, -(-total // size))


def page_query(number: int) -> str:
    """Return the query of this request with another page number, `?` included."""
    return "?" + urlencode({**request.args.to_dict(), "page": str(number)})


def neighbours(total: int, page: Page) -> dict[str, object]:
    """Return what templates show of a page: its number and rows, the last page, and links to the pages around it."""
    number, size, last = page.number, page.size, last_page(total, page.size)
    return {
        "number": number,
        "size": size,
        "offset": page.offset,
        "last": last,
        "total": total,
        "first_row": min(total, (number - 1) * size + 1),
        "last_row": min(total, number * size),
        "newer": page_query(min(number - 1, last)) if number > 1 else None,
        "older": page_query(number + 1) if number < last else None,
    }
