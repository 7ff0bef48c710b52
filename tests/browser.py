"""A real browser for stories: Debian's Chromium without a window, driven by Playwright.

with open_browser() as chromium, visit(chromium, "http://127.0.0.1:8053") as page: ...
A page that asks another host for anything, or whose scripts fail, fails the test.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
SLOW = 30_000
"""Milliseconds that a page may take on a busy machine."""
ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).parent / "console" / "axe" / "axe.min.js"
_RUN_AXE = """async (rules) => {
    const options = {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})};
    const { violations } = await axe.run(document, options);
    return violations.map(found => found.id + ": " + found.nodes.map(node => node.target).join(", "));
}"""
_OF_A_THEME = ("color-contrast", "button-name")
"""The rules of axe-core that the other theme could break."""
TELEPHONE: ViewportSize = {"width": 390, "height": 844}


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium, ended with the block."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"none of {PROGRAMS} is installed: make test sees to it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def visit(chromium: Browser, base: str, **options: Any) -> Iterator[Page]:  # noqa: ANN401 - Playwright's own
    """A page of somebody new; `options` are those of a browser context."""
    context = chromium.new_context(base_url=base, reduced_motion="reduce", **options)
    context.set_default_timeout(SLOW)
    wrong: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.extend(_complaint(message)))
    page.on("request", lambda asked: None if asked.url.startswith(f"{base}/") else wrong.append(asked.url))
    try:
        yield page
        assert not wrong, wrong
    finally:
        context.close()


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in by the form."""
    page.goto("/sign-in/")
    page.fill("#email", email)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/zones/")


def barriers(page: Page) -> list[str]:
    """What keeps people out of the page as it is shown, in both themes, and what sticks out on a telephone."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(_RUN_AXE, None)
    page.click("[data-theme-toggle]")
    found += [f"{one}, in the other theme" for one in page.evaluate(_RUN_AXE, list(_OF_A_THEME))]
    size = page.viewport_size
    page.set_viewport_size(TELEPHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > TELEPHONE["width"]:
        found.append(f"it is {width} pixels wide on a telephone")
    if size:
        page.set_viewport_size(size)
    return [f"{page.url} {page.title()}: {one}" for one in found]


def weight(page: Page, path: str) -> int:
    """Octets of everything that the page at that path is made of, with nothing of it at hand."""
    sizes: list[int] = []
    page.on("requestfinished", lambda done: sizes.append(done.sizes()["responseBodySize"]))
    page.goto(path, wait_until="networkidle")
    return sum(sizes)


def _complaint(message: ConsoleMessage) -> list[str]:
    """What the browser complains about, but for answers that refuse a form."""
    is_refusal = "responded with a status of 4" in message.text and "/static/" not in message.location["url"]
    return [message.text] if message.type == "error" and not is_refusal else []
