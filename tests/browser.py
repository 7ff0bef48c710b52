"""A real browser for tests: Debian's headless Chromium, driven by Playwright.

with open_browser() as chromium, visit(chromium, "http://127.0.0.1:8053") as page: ...
The test fails if a page requests anything from another host, or if a script fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
TIMEOUT = 30_000
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
_RUN_AXE = """async (themeRules) => {
    const run = (options) => axe.run(document, {resultTypes: ["violations"], ...options});
    const violations = async (options) => (await run(options)).violations
        .map((found) => found.id + ": " + found.nodes.map((node) => node.target).join(", "));
    const found = await violations({});
    document.querySelector("[data-theme-toggle]").click();
    return [...found, ...(await violations({runOnly: themeRules})).map((one) => one + ", in the other theme")];
}"""
_THEME_RULES = ("color-contrast", "button-name")
"""The rules of axe-core whose result depends on the theme."""
PHONE: ViewportSize = {"width": 390, "height": 844}


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium, and end it with the block."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"none of {PROGRAMS} is installed: run make setup"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def visit(chromium: Browser, base: str, **options: Any) -> Iterator[Page]:  # noqa: ANN401 - Playwright's own
    """Open a page without cookies; `options` are those of a browser context."""
    context = chromium.new_context(base_url=base, reduced_motion="reduce", **options)
    context.set_default_timeout(TIMEOUT)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.extend(_error_of(message)))
    page.on("request", lambda sent: None if sent.url.startswith(f"{base}/") else errors.append(sent.url))
    try:
        yield page
        assert not errors, errors
    finally:
        context.close()


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in with the form."""
    page.goto("/sign-in/")
    page.fill("#email", email)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/zones/")


def change_first_password(page: Page, email: str, first: str, new: str) -> None:
    """Sign in with a password that somebody else chose, and choose another one."""
    page.goto("/sign-in/")
    page.fill("#email", email)
    page.fill("#password", first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/password/")
    page.fill("#current", first)
    page.fill("#password", new)
    page.fill("#again", new)
    page.click("main button[type=submit]")
    page.wait_for_url("**/account/")


def barriers(page: Page) -> list[str]:
    """Return the accessibility violations of the current page in both themes, and overflow on a phone."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(_RUN_AXE, list(_THEME_RULES))
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > PHONE["width"]:
        found.append(f"it is {width} pixels wide on a phone")
    if size:
        page.set_viewport_size(size)
    return [f"{page.url} {page.title()}: {one}" for one in found]


def weight(page: Page, path: str) -> int:
    """Return the octets of the page at that path with all its files, without a cache."""
    sizes: list[int] = []
    page.on("requestfinished", lambda done: sizes.append(done.sizes()["responseBodySize"]))
    page.goto(path, wait_until="networkidle")
    return sum(sizes)


def _error_of(message: ConsoleMessage) -> list[str]:
    """Return the error that the browser reports, except for 4xx responses to forms."""
    is_refusal = "responded with a status of 4" in message.text and "/static/" not in message.location["url"]
    return [message.text] if message.type == "error" and not is_refusal else []
