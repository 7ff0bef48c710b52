"""A diff as changes of a draft does the same when it is published."""

from __future__ import annotations

import pytest

from appliance.console import drafts
from appliance.console.draft_diff import changes_of
from appliance.console.draft_version import Change
from appliance.editing import Diff
from appliance.editing.zone_import import ImportOptions
from appliance.principal import Principal
from appliance.store import drafts as stored_drafts
from appliance.store import zones
from appliance.web.context import context_of
from appliance.zones.model import Zone
from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, open_page

WANTED = """
www       60   IN A   192.0.2.1
@         300  IN MX  10 mail.example.net.
note      3600 IN TXT "a" "b"
_sip._tcp 3600 IN SRV 0 1 5060 sip.example.net.
"""


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def replacement(page: ZonePage, text: str, *, dry_run: bool = True) -> Diff:
    """Return the diff that lets the zone have the records of this zone file."""
    application, options = page.console.application, ImportOptions(confirmed=True)
    with application.store.connection():
        editor = context_of(application.app).editor
        return editor.import_zone_file(Principal.local("test"), page.uuid, text, options=options, dry_run=dry_run)


def zone_of(page: ZonePage) -> Zone:
    """Return the zone as it is stored."""
    with page.console.application.store.connection():
        return zones.get_any(page.uuid)


def publish(page: ZonePage, changes: list[Change]) -> None:
    """Publish a draft with these changes."""
    application, path = page.console.application, f"{page.path}changes/"
    with application.writing():
        zone = zones.get_any(page.uuid)
        stored_drafts.put(zone, application.account(ME).uuid, changes, application.clock())
    assert page.browser.send(path, {"intent": "publish", "confirm_removal": "yes"}).location == page.path


def test_a_published_draft_does_what_the_diff_did(page: ZonePage) -> None:
    for text in (WANTED, f"{WANTED.replace(' 60 ', ' 90 ')}b 300 A 192.0.2.2", "b 300 A 192.0.2.2", ""):
        publish(page, changes_of(zone_of(page), replacement(page, text).changes))
        assert replacement(page, text).changes == ()
    assert page.records() == []


def test_changes_name_only_what_differs(page: ZonePage) -> None:
    replacement(page, WANTED, dry_run=False)
    www = next(record for record in page.records() if record.rdtype.name == "A")
    update = {"action": "update", "uuid": str(www.uuid), "revision": 1, "ttl": 90}
    assert changes_of(zone_of(page), replacement(page, WANTED.replace(" 60 ", " 90 ")).changes) == [update]
    others = WANTED.partition("192.0.2.1")[2]
    assert changes_of(zone_of(page), replacement(page, others).changes) == [drafts.delete_change(www.uuid)]
    new = {"action": "create", "record_type": "A", "name": "b", "value": "192.0.2.2", "ttl": 300}
    assert changes_of(zone_of(page), replacement(page, f"{WANTED}b 300 A 192.0.2.2").changes) == [new]
