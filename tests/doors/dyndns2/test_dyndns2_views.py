"""dyndns2 over HTTP: a word for each host, and nothing else."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from appliance.principal import TokenLimits
from appliance.settings import ApiSettings
from tests.doors.callers import Caller, Doors

PATH = "/nic/update"
V4, V6 = "192.0.2.1", "2001:db8::1"
HOME = TokenLimits(record_types=("A", "AAAA"), record_names=("home", "*.dyn"))


@pytest.fixture
def router(doors: Doors) -> Caller:
    """A client whose token can do nothing but the addresses of some hosts."""
    return doors.caller("dns:list", "dns:update", limits=HOME)


def _update(caller: Caller, method: str = "GET", **parameters: str) -> str:
    answer = caller(method, PATH, query_string=parameters)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain"), answer.text
    return answer.text


def test_addresses_are_set_once(doors: Doors, router: Caller) -> None:
    first = doors.serial
    assert _update(router, hostname="home.example.org", myip=f"{V4},2001:DB8::1") == f"good {V4},{V6}"
    assert (doors.stored("home", "A"), doors.stored("home", "AAAA")) == ([V4], [V6])
    assert doors.last_comment == "dyndns2" and doors.serial == first + 1
    assert _update(router, "POST", hostname="HOME.example.org", myip=V4, myipv6=V6) == f"nochg {V4},{V6}"
    assert doors.serial == first + 1


def test_only_the_named_family_changes_and_the_ttl_stays(doors: Doors, router: Caller) -> None:
    for address in ("192.0.2.7", "192.0.2.8"):
        doors.me.record(doors.zone, "A", "home", address, ttl=900)
    doors.me.record(doors.zone, "AAAA", "home", V6)
    assert _update(router, hostname="home.example.org", myip=V4) == f"good {V4}"
    assert _update(router, hostname="x.dyn.example.org", myip=V4) == f"good {V4}"
    records = doors.me("GET", "/dns-records/", query_string={"zone": doors.zone["uuid"], "record_type": "A"}).get_json()
    assert {record["name"]: record["ttl"] for record in records} == {"home": 900, "x.dyn": 60}
    assert doors.stored("home", "AAAA") == [V6]


def test_without_an_address_it_is_that_of_the_client(doors: Doors, router: Caller) -> None:
    assert _update(router, hostname="home.example.org", myip="") == "good 127.0.0.1"
    assert _update(router, hostname="home.example.org", offline="YES") == "good"
    assert not doors.stored("home", "A")


def test_each_host_has_its_word_in_order_and_all_share_a_serial(doors: Doors, router: Caller) -> None:
    doors.application.bearer("other@example.org").zone("example.net")
    first = doors.serial
    hosts = "a.dyn.example.org,www.example.org,home.example.org,org,x.example.net,a..b,a.dyn.example.org"
    words = ["good", "nohost", "good", "notfqdn", "nohost", "notfqdn", "good"]
    assert [line.split()[0] for line in _update(router, hostname=hosts, myip=V4).split("\n")] == words
    assert doors.serial == first + 1


def test_a_host_with_a_control_character_is_no_full_name(router: Caller) -> None:
    assert _update(router, hostname="home.exam\nple.org,home.example.org", myip=V4) == f"notfqdn\ngood {V4}"


def test_a_host_that_a_rule_refuses_stops_no_other(doors: Doors, router: Caller) -> None:
    doors.me.record(doors.zone, "CNAME", "alias.dyn", "target.example.net")
    hosts = "alias.dyn.example.org,home.example.org"
    assert _update(router, hostname=hosts, myip=V4) == f"dnserr\ngood {V4}"
    assert doors.stored("home", "A") == [V4]


def test_what_is_wrong_has_a_word(router: Caller) -> None:
    home, hosts = "home.example.org", ",".join(f"h{number}.dyn.example.org" for number in range(21))
    for hostname, myip, text in (
        ("", V4, "notfqdn"),
        (" ,", V4, "notfqdn"),
        (home, "nothing", "dnserr"),
        (f"{home},a.dyn.example.org", "192.0.2.1,192.0.2.2", "dnserr\ndnserr"),
        (hosts, V4, "numhost"),
    ):
        assert _update(router, hostname=hostname, myip=myip) == text


def _in_query(doors: Doors, secret: str, method: str = "GET") -> TestResponse:
    client = doors.application.app.test_client()
    query = {"hostname": "home.example.org", "myip": V4, "username": "box", "password": secret}
    return client.open(PATH, method=method, query_string=query)


def test_a_token_in_the_query_must_be_limited_to_addresses_and_names(doors: Doors, router: Caller) -> None:
    assert _in_query(doors, router.secret).text == f"good {V4}"
    wide = _in_query(doors, doors.caller().secret)
    assert (wide.status_code, wide.text, wide.headers["WWW-Authenticate"]) == (401, "badauth", "Basic")
    unknown = _in_query(doors, f"vps_{'a' * 32}")
    assert (unknown.status_code, unknown.data) == (401, wide.data)


def test_other_paths_and_methods_are_not_found(router: Caller) -> None:
    assert router("GET", "/nic/nothing").status_code == 404
    refused = router("DELETE", PATH)
    assert refused.status_code == 405 and {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))


def test_head_changes_nothing(doors: Doors, router: Caller) -> None:
    first = doors.serial
    answer = router("HEAD", PATH, query_string={"hostname": "home.example.org", "myip": V4})
    assert (answer.status_code, answer.headers["Allow"], doors.serial) == (405, "GET, POST", first)


def test_too_many_calls_are_abuse(doors: Doors, router: Caller) -> None:
    limited = doors.application.configured(ApiSettings(token_rate=1, token_burst=1))
    caller = Caller(limited.app.test_client(), router.secret)
    answers = [caller("GET", PATH, query_string={"hostname": "org"}) for _ in range(2)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "notfqdn"), (429, "abuse")]
    assert int(answers[1].headers["Retry-After"]) >= 1


def test_no_secret_of_a_query_is_logged(doors: Doors, router: Caller, caplog: pytest.LogCaptureFixture) -> None:
    secret = doors.caller().secret
    assert _in_query(doors, secret).text == "badauth" and caplog.records
    assert secret not in caplog.text and secret[12:] not in caplog.text
