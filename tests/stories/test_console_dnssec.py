"""DNSSEC in a real browser: turned on, its DS given to the parent zone, and turned off once no cache has that DS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.app import create_app
from appliance.deploy.signing.parent_lookups import parent_check_by
from appliance.web.context import context_of
from appliance.zones.model import Zone
from appliance.zones.signing import Ds, SigningState
from tests.api.conftest import Application, open_application
from tests.browser import barriers, sign_in, visit
from tests.console.conftest import PASSWORD, Console
from tests.console.test_pages import served
from tests.deploy.signing.signer import Signer, new_signer
from tests.deployed import host_of
from tests.fake_parent import FakeParent, fake_parent, is_allowed
from tests.pair import Pair
from tests.workspace import Workspace

EMAIL = "signer@example.org"


@dataclass
class Story:
    """A zone that a pair serves, the console that shows it, and its parent zone."""

    application: Application
    signer: Signer
    parent: FakeParent

    @property
    def path(self) -> str:
        """The path of its DNSSEC page."""
        return f"/zones/{self.signer.zone.uuid}/dnssec/"

    def take(self, line: str) -> None:
        """Publish a DS at the parent, as a registrar does that gets a line of a zone file."""
        name, _, _, rdtype, data = line.split(maxsplit=4)
        assert (name, rdtype) == (str(self.signer.zone.name), "DS")
        tag, algorithm, digest_type, digest = data.split()
        self.parent.publish(Ds(int(tag), int(algorithm), int(digest_type), digest.lower()))

    def faults(self, folder: Path) -> list[str]:
        """Return what a resolver with the DS says of the answers of each nameserver; "" if they are valid."""
        name = f"www.{self.signer.zone.name.to_text(omit_final_dot=True)}"
        return [one.fault(name, "A") for one in self.signer.validators(folder)]


@pytest.fixture
def story(request: pytest.FixtureRequest, tmp_path: Path, pair: Pair) -> Iterator[Story]:
    """An unsigned zone of each test, live on the pair."""

    def fill(zone: Zone) -> None:
        workspace.add(zone, "A", "www", "192.0.2.1")

    domain = f"z{abs(hash(request.node.name))}.example"
    with fake_parent("example") as parent:
        opened = open_application(tmp_path, lambda: 1000.0)
        opened.clock.now = datetime.now(UTC)  # named signs by the true time
        settings = replace(opened.settings, dns=replace(opened.settings.dns, resolver=parent.resolver.server.endpoint))
        application = Application(settings, opened.clock, create_app(settings, opened.clock, lambda: 1000.0))
        owner, editor = Console(application).account(EMAIL), context_of(application.app).editor
        workspace = Workspace(application.store, application.clock, editor, owner, owner)
        with application.store.connection():
            signer = new_signer(domain, workspace, host_of(pair, editor.apex), pair, fill)
            signer.check_parent = parent_check_by(parent.resolver.server.endpoint, parent.port, is_allowed)
            yield Story(application, signer, parent)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_zone_is_secured_and_stays_signed_until_its_ds_is_gone(
    story: Story, chromium: Browser, tmp_path: Path, scripts: bool
) -> None:
    options = {"java_script_enabled": scripts, "permissions": ["clipboard-read", "clipboard-write"]}
    with served(story.application.app) as base, visit(chromium, base, **options) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        sign_in(page, EMAIL, PASSWORD)
        turn_on(page, story, scripts)
        story.take(copied_ds(page, scripts))
        story.signer.check_after(minutes=11)
        expect_state(page, story, SigningState.SECURED, "resolvers verify the answers")
        expect(page.locator("h1 .badge")).to_have_text("signed")
        if scripts:
            assert barriers(page) == []
        turn_off_too_early(page, story, tmp_path)
        story.parent.publish()
        story.signer.check_after(minutes=11)
        expect_state(page, story, SigningState.DS_REMOVE, "Next: a second check of the parent")
        story.signer.check_after(minutes=11)
        expect_state(page, story, SigningState.DS_EXPIRING, "the zone stays signed until then")
        assert story.faults(tmp_path) == ["", ""]
        story.signer.check_after(days=1)
        assert not story.signer.zone.signed and story.signer.publish() is None
        story.signer.wait_until_served()
        story.signer.wait_for_state(SigningState.UNSIGNED)
        sign_in(page, EMAIL, PASSWORD)  # sessions end sooner
        expect_state(page, story, SigningState.UNSIGNED, "The zone is not signed.")
        expect(page.locator("h1 .badge")).to_have_count(0)


def expect_state(page: Page, story: Story, state: SigningState, words: str) -> None:
    """Check the state that the page shows, and words of its card."""
    page.goto(story.path)
    expect(page.locator("#state")).to_have_attribute("data-state", state.value)
    expect(page.locator("main .card").first).to_contain_text(words)


def turn_on(page: Page, story: Story, scripts: bool) -> None:
    """Turn DNSSEC on from the list of records, and wait until the page shows that the zone is signed."""
    page.goto(story.path.removesuffix("dnssec/"))
    page.click("nav.tabs >> text=DNSSEC")
    page.click("text=Turn on DNSSEC")
    expect(page.get_by_role("status").first).to_contain_text("DNSSEC turned on.")
    story.signer.publish()
    story.signer.wait_until_served()
    story.signer.wait_for_state(SigningState.DS_WAIT)
    if scripts:
        expect(page.locator("#state")).to_have_attribute("data-state", "ds-wait")
    expect_state(page, story, SigningState.DS_WAIT, "Do not add the DS at your registrar")


def copied_ds(page: Page, scripts: bool) -> str:
    """Return the line that the page shows for the registrar, by its button if there are scripts."""
    if not scripts:
        return page.locator("#ds-1").inner_text()
    page.click("[data-copy=ds-1]")
    expect(page.locator("[data-copy=ds-1]")).to_have_text("Copied")
    line: str = page.evaluate("navigator.clipboard.readText()")
    return line


def turn_off_too_early(page: Page, story: Story, folder: Path) -> None:
    """Turn DNSSEC off: the parent has the DS, so the zone stays signed, and nobody can say that it is gone."""
    page.click("main >> button[value=off]")
    expect_state(page, story, SigningState.DS_REMOVE, "still had the DS at")
    expect(page.get_by_text("is gone from the parent zone")).to_have_count(0)
    story.signer.check_after(hours=1)
    expect_state(page, story, SigningState.DS_REMOVE, "stays signed until the parent zone has no DS of it")
    assert story.signer.zone.signed and story.faults(folder) == ["", ""]
