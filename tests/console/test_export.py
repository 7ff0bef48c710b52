"""The zone file as a download: the same as `dns-appliance zone export` prints."""

from __future__ import annotations

from appliance.compiler import compile_zone
from appliance.editing import DeleteRecord
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


def test_a_former_version_is_downloaded(console: Console) -> None:
    page = open_page(console)
    page.add_address("192.0.2.1", name="old")
    serial = page.serial()
    page.save([DeleteRecord(page.records()[0].uuid)])
    path = f"{page.path}history/{serial}/export/"
    assert f'href="{path}"' in page.browser.get(f"{page.path}history/{serial}/").text
    answer = page.browser.get(path)
    assert b"old.example.com. 3600 IN A 192.0.2.1" in answer.data and f" {serial} ".encode() in answer.data
    assert f'filename="example.com-{serial}.zone"' in answer.headers["Content-Disposition"]
    assert page.browser.get(f"{page.path}history/7/export/").status_code == 404
    assert console.signed_in("other@example.org").get(path).status_code == 404


def test_the_name_of_the_file_has_no_slash(console: Console) -> None:
    operator = console.signed_in("op@example.org", is_admin=True)
    path = operator.send("/zones/new/", {"domain": "0/25.2.0.192.in-addr.arpa"}).location
    answer = operator.get(f"{path}export/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="0_25.2.0.192.in-addr.arpa.zone"'


def test_a_zone_of_another_account_is_not_exported(console: Console) -> None:
    page = open_page(console)
    assert console.signed_in("other@example.org").get(f"{page.path}export/").status_code == 404
