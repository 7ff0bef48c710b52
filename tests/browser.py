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

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
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
_RUN_AXE = "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target).join(', '))"


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
    """What keeps people out of the page as it is shown, in the light theme and in the dark one."""
    page.evaluate(AXE.read_text("utf-8"))
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [f"{page.url} in the {theme} theme: {one}" for one in page.evaluate(_RUN_AXE)]
    return found


def weight(page: Page, path: str) -> int:
    """Octets of everything that the page at that path is made of, with nothing of it at hand."""
    sizes: list[int] = []
    page.on("requestfinished", lambda done: sizes.append(done.sizes()["responseBodySize"]))
    page.goto(path, wait_until="networkidle")
    return sum(sizes)


def _complaint(message: ConsoleMessage) -> list[str]:
    """What the browser complains about, but for answers that refuse a form."""
    is_refusal = "responded with a status of 400" in message.text
    return [message.text] if message.type == "error" and not is_refusal else []
