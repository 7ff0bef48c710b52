"""Changes by UPDATE with real programs: deployer or named killed with one in flight, and updates of another program."""

from __future__ import annotations

import os
import signal

import dns.query
import dns.tsig
import dns.update
import pytest
from dns.rcode import Rcode

from appliance.keys import read_key
from tests.live_zone import HEAL_SECONDS, OLD, LiveZone
from tests.pair import LOOPBACK, wait_for


@pytest.mark.parametrize("killed", ["appliance deployer", "ns1/named.conf"])
def test_a_kill_with_an_update_in_flight(new_zone: LiveZone, killed: str) -> None:
    """The message waits for a primary that is suspended, and applies late, after its deployer is dead, or never."""
    primary = new_zone.appliance.child("ns1/named.conf")
    assert primary
    os.kill(primary, signal.SIGSTOP)
    new_zone.change()
    new_zone.wait_until_failed("update: ")
    new_zone.restart(killed)
    if killed == "appliance deployer":
        os.kill(primary, signal.SIGCONT)
    new_zone.wait_until_healed()
    new_zone.restart("ns1/named.conf")
    new_zone.wait_until_healed()


def test_an_update_of_another_program_is_replaced(new_zone: LiveZone) -> None:
    """Nothing of ours changes: a reconciliation finds it."""
    key = read_key(new_zone.appliance.state / "keys" / "update.key")
    message = dns.update.UpdateMessage(new_zone.domain, keyring=dns.tsig.Key(key.name, key.secret, key.algorithm))
    message.replace("www", 60, "A", "203.0.113.9")
    response = dns.query.udp(message, LOOPBACK, 5, port=new_zone.appliance.ports.dns)
    assert response.rcode() == Rcode.NOERROR
    raised = f"event=serial-raised zone={new_zone.domain}"
    wait_for(lambda: raised in new_zone.appliance.log("deployer"), "it is found", HEAL_SECONDS)
    wait_for(lambda: new_zone.answers() == [{OLD}, {OLD}], "both answer what is stored", HEAL_SECONDS)
    new_zone.change()
    new_zone.wait_until_healed()
