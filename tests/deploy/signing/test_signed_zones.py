"""A zone is signed, edited and unsigned on a real pair: what named does, and what follows from it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing import file_refresh
from appliance.deploy.publishing.primary_zone import withdraw_zone
from appliance.deploy.verification.comparing_process import ComparingProcess
from appliance.deploy.verification.whole_zone import ContentMatch, StoredContent, ToCompare
from appliance.nameserver.control import Control, Transport
from appliance.store import signing_summary
from appliance.zones.deployment import reaches
from appliance.zones.model import Zone
from appliance.zones.serial import is_later
from appliance.zones.signing import POLICY, SigningProblem, SigningState, Timing
from tests.deploy.signing.signer import Signer, new_signer
from tests.pair import Pair, wait_for
from tests.workspace import Workspace

KINDS = {
    "positive": ("www", "A"),
    "name that does not exist": ("none", "A"),
    "type that does not exist": ("www", "MX"),
    "wildcard": ("any.wild", "A"),
    "wildcard without the type": ("any.wild", "MX"),
    "empty non-terminal": ("b.c", "TXT"),
    "alias": ("alias", "A"),
    "delegation without DS": ("insecure", "DS"),
    "delegation with DS": ("secure", "DS"),
    "apex": ("", "SOA"),
    "content number": ("", "TYPE65280"),
    "keys": ("", "DNSKEY"),
}
"""Every kind of answer, as name and type."""
DS = "12345 13 2 " + "AB" * 32


def fill(workspace: Workspace) -> Callable[[Zone], None]:
    """Return what adds records for every kind of answer."""

    def add(zone: Zone) -> None:
        for rdtype, name, value in (
            ("A", "www", "192.0.2.1"),
            ("A", "*.wild", "192.0.2.2"),
            ("TXT", "a.b.c", '"deep"'),
            ("CNAME", "alias", f"www.{zone.name}"),
            ("NS", "insecure", "ns.elsewhere.test."),
            ("NS", "secure", "ns.elsewhere.test."),
            ("DS", "secure", DS),
        ):
            workspace.add(zone, rdtype, name, value)

    return add


@pytest.fixture
def signer(request: pytest.FixtureRequest, workspace: Workspace, host: PrimaryHost, pair: Pair) -> Signer:
    """A zone of each test that both nameservers serve, unsigned."""
    domain = getattr(request, "param", f"z{abs(hash(request.node.name))}.signed.test")
    return new_signer(domain, workspace, host, pair, fill(workspace))


def sign(signer: Signer) -> None:
    signer.turn(True)
    signer.wait_until_served()
    assert signer.state is SigningState.SIGNING
    signer.wait_for_state(SigningState.DS_WAIT)


@pytest.mark.parametrize("signer", ["kinds.signed.test", "64/26.2.0.192.in-addr.arpa"], indirect=True)
def test_every_kind_of_answer_validates_at_both_nameservers(signer: Signer, tmp_path: Path) -> None:
    sign(signer)
    (key,) = signer.known.keys
    assert key.is_wanted and key.dnskey is Timing.RUMOURED and key.ds is Timing.HIDDEN
    assert signer.host.files.has_keys(signer.zone.uuid, [key.tag])
    origin = signer.zone.name.to_text()
    faults = [
        fault
        for validator in signer.validators(tmp_path)
        for name, rdtype in KINDS.values()
        if (fault := validator.fault(f"{name}.{origin}".lstrip("."), rdtype))
    ]
    assert faults == []


def test_an_edit_is_live_by_its_content_number_while_the_soa_is_ahead(signer: Signer, tmp_path: Path) -> None:
    sign(signer)
    first = signer.zone
    assert first.signed_serial and is_later(first.signed_serial, first.serial), "signing has counted the serial on"
    signer.workspace.add(first, "A", "more", "192.0.2.9")
    edited = signer.zone
    assert edited.serial == first.signed_serial + 1
    assert signer.publish() is None
    signer.wait_until_served()
    assert all(reaches(serial, edited.serial) for serial in signer.serials())
    assert [v.fault(f"more.{edited.name}", "A") for v in signer.validators(tmp_path)] == ["", ""]
    signer.check()
    assert signer.known.keys and signer.state is SigningState.DS_WAIT


def test_the_audit_compares_the_content_of_a_signed_zone(signer: Signer) -> None:
    sign(signer)
    zone, servers = signer.zone, signer.host.nameservers
    source = StoredContent(signer.workspace.store.path, signer.host.apex, signer.host.transfer_key)
    with closing(ComparingProcess(source)) as process:

        def verdicts(base: int | None = None) -> set[ContentMatch]:
            return {one.verdict for one in process.compare([ToCompare(zone.uuid, servers, base)])}

        assert verdicts() == verdicts(1) == {ContentMatch.SAME}
        file = signer.host.files.path(zone.uuid)
        edited = file.read_text().replace("192.0.2.1\n", "192.0.2.66\n").replace(f" {zone.serial} ", " 4000000000 ")
        file.write_text(edited)
        signer.host.control.reload(zone.name)
        for server in servers:
            signer.pair.wait_for_serial(server, zone.name, 4000000000)
        assert verdicts() == {ContentMatch.DIFFERS}, "the content number is that of the store"
        signer.workspace.editor.raise_serial(zone.uuid, 4000000000)
        assert {one.reason for one in process.compare([ToCompare(zone.uuid, servers)])} == {
            f"content number {zone.serial} is served"
        }
        signer.publish()
        signer.wait_until_served()
        assert verdicts() == {ContentMatch.SAME}


class OtherPolicy:
    """A control channel to a named whose configuration lacks the policy."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def command(self, *words: str) -> str:
        """Send the command with the name of a policy that does not exist."""
        return self._transport.command(*(word.replace(f'"{POLICY}"', '"missing"') for word in words))


def test_a_zone_is_served_as_before_if_named_lacks_the_policy(signer: Signer) -> None:
    served, host = signer.contents(), signer.host
    signer.host = replace(host, control=Control(OtherPolicy(signer.pair.connection)))
    signer.workspace.editor.change_zone(signer.workspace.owner, signer.zone.uuid, {"dnssec": True})
    error = signer.publish()
    assert error and error.startswith("reload: ") and "modzone" in error
    assert signer.serials() == served
    signer.host = host
    assert signer.publish() is None
    signer.wait_until_served()


def test_a_change_before_the_first_check_keeps_what_named_has_signed(signer: Signer, tmp_path: Path) -> None:
    signer.turn(True)
    signer.wait_until_served()
    assert signer.known.keys == ()
    signed = signer.host.files.path(signer.zone.uuid).with_suffix(".zone.signed")
    wait_for(signed.exists, "named writes the signed zone")
    signer.workspace.add(signer.zone, "A", "more", "192.0.2.9")
    assert signer.publish() is None
    assert signed.exists()
    signer.wait_until_served()
    signer.wait_for_state(SigningState.DS_WAIT)
    assert [v.fault(f"more.{signer.zone.name}", "A") for v in signer.validators(tmp_path)] == ["", ""]


def test_without_its_key_files_nothing_of_a_zone_is_changed(signer: Signer) -> None:
    sign(signer)
    (key,) = signer.known.keys
    folder = signer.host.files.key_folder(signer.zone.uuid)
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in [*folder.iterdir()]:
        path.unlink()
    served = signer.contents()
    signer.workspace.add(signer.zone, "A", "more", "192.0.2.9")
    assert (signer.publish() or "").startswith(f"keys: the files of the DNSSEC keys {key.tag} ")
    signer.check()
    assert signer.known.keys == (key,) and signer.known.lacks_keys
    signer.steps().step()
    assert signing_summary.with_problems(9) == [(signer.zone.name, [SigningProblem.KEYS_MISSING])]
    assert signing_summary.count_by_state()[SigningState.DS_WAIT] == 1
    assert signer.contents() == served
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    assert signer.publish() is None
    signer.check()
    assert not signer.known.lacks_keys


def test_an_edited_file_of_a_signed_zone_is_refreshed(signer: Signer) -> None:
    sign(signer)
    zone, host = signer.zone, signer.host
    content, serials = host.files.read_live(zone.uuid), signer.serials()
    host.files.path(zone.uuid).write_bytes(content.replace(b"192.0.2.1", b"192.0.2.66"))
    refreshes = file_refresh.prepare([(zone.uuid, zone.name)], host, signer.workspace.store, lambda: 0.0)
    assert [one.is_done for one in file_refresh.replace(refreshes, host)] == [True]
    assert host.files.read_live(zone.uuid) == content and signer.serials() == serials
    signer.pair.ns1.stop(signal.SIGKILL)
    signer.pair.ns1.start()
    signer.pair.wait_for_any_serial(signer.pair.primary, zone.name)
    signer.workspace.add(zone, "A", "more", "192.0.2.9")
    assert signer.publish() is None
    signer.wait_until_served()


def test_the_files_of_a_removed_zone_go_and_its_keys_stay(signer: Signer) -> None:
    sign(signer)
    zone, host, tags = signer.zone, signer.host, [key.tag for key in signer.known.keys]
    file = host.files.path(zone.uuid)
    assert len([*file.parent.glob(f"{zone.uuid}.zone.*")]) > 1
    withdraw_zone(zone.name, host)
    signer.pair.wait_for_serial(signer.pair.primary, zone.name, None)
    host.files.remove(zone.uuid)
    assert [*file.parent.glob(f"{zone.uuid}*")] == []
    assert host.files.has_keys(zone.uuid, tags)
