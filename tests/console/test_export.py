"""The zone file as a download: the same as `dns-appliance zone export` prints."""

from __future__ import annotations

from appliance.compiler import compile_zone
from appliance.store import zones
from appliance.web.context import context_of
from tests.console.conftest import Console
from tests.console.zone_page import open_page


def test_the_download_is_the_published_zone_file(console: Console) -> None:
    page = open_page(console, "xn--bcher-kva.example")
    page.add_address(), page.add_address(name="drafted", intent="draft")
    answer = page.browser.get(f"{page.path}export/")
    with console.application.store.connection():
        editor = context_of(console.application.app).editor
        assert answer.data == compile_zone(zones.get_any(page.uuid), editor.apex).content
    assert answer.content_type == "text/dns; charset=utf-8" and b"drafted" not in answer.data
    assert answer.headers["Content-Disposition"] == 'attachment; filename="xn--bcher-kva.example.zone"'
    assert f'href="{page.path}export/"' in page.browser.get(f"{page.path}settings/").text


def test_the_name_of_the_file_has_no_slash(console: Console) -> None:
    operator = console.signed_in("op@example.org", is_admin=True)
    path = operator.send("/zones/new/", {"domain": "0/25.2.0.192.in-addr.arpa"}).location
    answer = operator.get(f"{path}export/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="0_25.2.0.192.in-addr.arpa.zone"'


def test_a_zone_of_another_account_is_not_exported(console: Console) -> None:
    page = open_page(console)
    assert console.signed_in("other@example.org").get(f"{page.path}export/").status_code == 404
