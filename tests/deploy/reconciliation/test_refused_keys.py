"""Keys that a nameserver refuses are named, each with the nameserver."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from appliance.addresses import Endpoint
from appliance.deploy.host import PrimaryHost
from appliance.deploy.reconciliation.refused_keys import find_faults
from appliance.keys import Key, new_key
from appliance.nameserver.control import Control
from appliance.nameserver.isccc import RndcConnection
from appliance.problems import find_problems
from appliance.store import faults
from tests.pair import LOOPBACK, Pair
from tests.workspace import Workspace


def subjects(host: PrimaryHost, servers: tuple[str, ...] = ("ns1", "ns2")) -> set[str]:
    answering = [server for server in host.nameservers if server.name.startswith(servers)]
    return {fault.subject.replace(".appliance.test", "") for fault in find_faults(host, answering)}


def other(key: Key) -> Key:
    """Return a key of the same name with another secret."""
    return new_key(key.name)


def test_keys_that_are_accepted_are_no_faults(host: PrimaryHost) -> None:
    assert subjects(host) == set()


def test_each_refused_key_is_a_fault(host: PrimaryHost, pair: Pair) -> None:
    channel = Endpoint(LOOPBACK, pair.control_port)
    with closing(RndcConnection(channel, other(pair.control_key))) as connection:
        assert subjects(replace(host, control=Control(connection))) == {"control key of ns1"}
    assert subjects(replace(host, update_key=new_key("unknown"))) == {"update key of ns1"}
    transfer = replace(host, transfer_key=other(pair.transfer_key))
    assert subjects(transfer) == {"transfer key of ns1", "transfer key of ns2"}
    assert subjects(transfer, ("ns2",)) == {"transfer key of ns2"}


def test_a_fault_is_a_problem_until_it_is_no_longer_found(workspace: Workspace) -> None:
    fault = faults.Fault("update key of ns1", "ns1 refuses the update key", "reload named")
    with workspace.store.writing():
        faults.store([fault], workspace.clock())
        faults.store([fault], workspace.clock())
    (problem,) = [one for one in find_problems((), workspace.clock()) if one.kind == "fault"]
    assert (problem.subject, problem.text, problem.remedy) == (fault.subject, fault.text, fault.remedy)
    with workspace.store.writing():
        faults.store([], workspace.clock())
    assert faults.all_faults() == []
