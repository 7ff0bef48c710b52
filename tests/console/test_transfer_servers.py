"""Only operators may name any server; everybody else one with a public address, at port 53."""

from __future__ import annotations

import pytest

from appliance.addresses import Endpoint
from appliance.console.transfer_servers import find_server
from appliance.errors import InputError
from tests.pair import LOOPBACK, free_port
from tests.simulated_dns import simulated_dns


@pytest.mark.parametrize("text", [LOOPBACK, "10.0.0.1", "::1", "[2606:4700::1]:5353", "::ffff:8.8.8.8", "8.8.8.8:54"])
def test_servers_for_operators_alone(text: str) -> None:
    with pytest.raises(InputError, match="only operators may use it") as refused:
        find_server(text, None, is_operator=False)
    assert refused.value.field == "server"
    assert find_server(text, None, is_operator=True).name == text


@pytest.mark.parametrize(
    ("text", "host"), [("8.8.8.8", "8.8.8.8"), ("8.8.8.8:53", "8.8.8.8"), ("2606:4700::1", "2606:4700::1")]
)
def test_public_servers(text: str, host: str) -> None:
    assert find_server(text, None, is_operator=False).endpoint == Endpoint(host, 53)


@pytest.mark.parametrize(
    "text", ["ns1.example.net", "300.1.1.1", "192.0.2.1:0", "0.0.0.0", "224.0.0.1", "::1%lo", ".", "a..b"]
)
def test_without_a_resolver_a_server_is_an_address(text: str) -> None:
    with pytest.raises(InputError) as refused:
        find_server(text, None, is_operator=True)
    assert refused.value.field == "server"


def test_names_are_resolved_and_their_address_is_judged() -> None:
    with simulated_dns() as dns_server:
        resolver = dns_server.server.endpoint
        dns_server.resolved["ns.example.net A"] = ["ns.example.net. 60 IN A 8.8.8.8"]
        dns_server.resolved["inside.example.net A"] = ["inside.example.net. 60 IN A 10.0.0.1"]
        assert find_server("ns.example.net", resolver, is_operator=False).endpoint == Endpoint("8.8.8.8", 53)
        assert find_server("inside.example.net.", resolver, is_operator=True).endpoint == Endpoint("10.0.0.1", 53)
        with pytest.raises(InputError, match="only operators may use it"):
            find_server("inside.example.net", resolver, is_operator=False)
        with pytest.raises(InputError, match="has no address"):
            find_server("none.example.net", resolver, is_operator=True)
        with pytest.raises(InputError, match="cannot be resolved"):
            find_server("a..b", resolver, is_operator=True)
    with pytest.raises(InputError, match="cannot be resolved"):
        find_server("ns.example.net", Endpoint(LOOPBACK, free_port()), is_operator=True)
