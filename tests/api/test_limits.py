"""Rate limits of tokens and addresses, and quotas."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Collection
from dataclasses import dataclass, replace

import pytest
from werkzeug.test import TestResponse

from appliance.app import create_app
from appliance.errors import RateLimited
from appliance.settings import ApiSettings, QuotaSettings, Settings
from appliance.web.rate_limits import NetworkRate, Rate, RateLimits, client_network, create_rate_limits
from tests.api.conftest import Application, Bearer, is_error

HERE, THERE = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}


@dataclass
class Seconds:
    """A monotonic clock that a test advances."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def limited(application: Application, seconds: Seconds, api: ApiSettings) -> Application:
    """Return the same application with these limits, and another clock for them."""
    settings = replace(application.settings, api=api)
    return Application(settings, application.clock, create_app(settings, application.clock, seconds))


def test_a_bucket_empties_and_fills(seconds: Seconds) -> None:
    rate = Rate(10, 3, seconds)
    assert [rate.take("a") for _ in range(4)] == [0, 0, 0, 0.1]
    assert rate.take("b") == 0
    seconds.now += 0.1
    assert rate.take("a") == 0
    assert rate.take("a") > 0
    seconds.now += 3600
    assert [rate.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_seconds_to_next_takes_nothing(seconds: Seconds) -> None:
    rate = Rate(1, 1, seconds)
    assert [rate.seconds_to_next("a") for _ in range(3)] == [0, 0, 0]
    assert len(rate) == 0
    rate.take("a")
    assert rate.seconds_to_next("a") == 1


def test_no_rate_is_no_limit(seconds: Seconds) -> None:
    rate = Rate(0, 1, seconds)
    assert not any(rate.take("a") for _ in range(1000))
    assert len(rate) == 0


def test_the_number_of_keys_is_bounded(seconds: Seconds) -> None:
    rate = Rate(1, 2, seconds, max_keys=100)
    for number in range(10_000):
        rate.take(number)
        rate.take("busy")
    assert len(rate) == 100
    assert rate.take("busy") > 0, "a key in constant use is not dropped"


def test_a_long_key_takes_no_more_memory_than_a_short_one(seconds: Seconds) -> None:
    rate = Rate(1, 2, seconds)
    tracemalloc.start()
    for number in range(100):
        rate.take((number, "a" * 1_000_000))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rate) == 100
    assert kept < 200_000


def test_refused_keys_and_full_buckets_are_not_kept(seconds: Seconds) -> None:
    limits = create_rate_limits(ApiSettings(), seconds)
    for number in range(60):
        guess(limits, f"{number}@example.org", "192.0.2.1")
    for number in range(60, 1000):
        with pytest.raises(RateLimited):
            guess(limits, f"{number}@example.org", "192.0.2.1")
    assert len(limits.sign_ins_by_account) == 60
    rate = Rate(1, 2, seconds)
    rate.take("a")
    rate.give_back("a")
    assert len(rate) == 0


def test_threads_share_a_bucket(seconds: Seconds) -> None:
    rate = Rate(1, 500, seconds)
    granted: list[bool] = []
    threads = [
        threading.Thread(target=lambda: granted.extend(rate.take("a") == 0 for _ in range(200))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 500


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_the_network_of_a_client(address: str, network: str) -> None:
    assert client_network(address) == network


def test_an_ipv6_site_has_sixteen_times_the_limit_of_one_client(seconds: Seconds) -> None:
    rate = NetworkRate(1, 2, seconds)
    assert [rate.take("2001:db8:1::1"), rate.take("2001:db8:1::2"), rate.take("2001:db8:1::3")] == [0, 0, 1]
    taken = [rate.take(f"2001:db8:1:{number:x}::1") == 0 for number in range(1, 40)]
    assert sum(taken) == 30 and rate.seconds_to_next("2001:db8:1:ffff::1") == 1 / 16
    assert rate.take("2001:db8:2::1") == rate.take("192.0.2.1") == 0
    assert len(rate) == 1 + 30 + 1 + 2 + 1
    rate.give_back("2001:db8:1:1::1")
    assert rate.take("2001:db8:1:ffff::1") == 0
    assert not any(rate.take(f"192.0.2.{number}") for number in range(2, 100)), "IPv4 addresses are counted alone"


def test_a_token_over_its_rate_slows_no_other(application: Application, seconds: Seconds) -> None:
    asked = limited(application, seconds, ApiSettings(token_rate=2, token_burst=5))
    fast, other = asked.bearer("me@example.org"), asked.bearer("me@example.org")
    assert [fast("GET", "/dns-zones/").status_code for _ in range(5)] == [200] * 5
    refused = fast("POST", "/dns-zones/", {"domain": "example.com"})
    assert is_error(refused, 429, "rate_limited")
    assert refused.headers["Retry-After"] == "1"
    assert is_error(fast("GET", "/nothing/"), 429, "rate_limited")
    for path in ("/metrics", "/readyz"):
        bearing = {"headers": {"Authorization": f"Bearer {fast.secret}"}, "environ_overrides": HERE}
        assert is_error(fast.client.get(path, **bearing), 429, "rate_limited")
    assert other("GET", "/dns-zones/").get_json() == []
    seconds.now += 0.5
    assert fast("GET", "/dns-zones/").status_code == 200
    assert is_error(fast("GET", "/dns-zones/"), 429, "rate_limited")


def shown(answer: TestResponse) -> tuple[str | None, str | None]:
    """Return the headers that show a limit."""
    return answer.headers.get("RateLimit-Policy"), answer.headers.get("RateLimit")


def test_responses_show_the_limit(application: Application, seconds: Seconds) -> None:
    asked = limited(application, seconds, ApiSettings(token_rate=5, token_burst=10, failure_rate=2, failure_burst=1))
    me, stranger = asked.bearer("me@example.org"), Bearer(asked.app.test_client(), "vps_" + "x" * 32)
    left = [shown(me("GET", path)) for path in ("/dns-zones/", "/nothing/", "/dns-records/?x=y", *["/account/me/"] * 7)]
    assert {policy for policy, _ in left} == {'"token";q=5;w=1'}
    assert [rate for _, rate in left] == [f'"token";r={n};t=1' for n in (4, 4, 4, 4, 4, 4, 3, 2, 1, 0)]
    assert shown(me("GET", "/dns-zones/")) == ('"token";q=5;w=1', '"token";r=0;t=1')
    assert shown(stranger("GET", "/dns-zones/", environ_overrides=HERE)) == (None, None)
    refused = stranger("GET", "/dns-zones/", environ_overrides=HERE)
    assert shown(refused) == ('"address";q=2;w=1', '"address";r=0;t=1')
    open_to_all = limited(application, seconds, ApiSettings(token_rate=0))
    assert shown(open_to_all.bearer("me@example.org")("GET", "/dns-zones/")) == (None, None)


def test_limits_are_on_by_default() -> None:
    settings = Settings()
    rates = (settings.api.token_rate, settings.api.token_burst, settings.api.failure_rate, settings.api.failure_burst)
    assert rates == (500, 2000, 20, 200)
    assert (settings.quotas.zones, settings.quotas.records) == (5000, 200_000)


def test_stored_changes_are_limited_by_account_and_zone(application: Application, seconds: Seconds) -> None:
    rates = ApiSettings(account_write_rate=2, account_write_burst=7, zone_write_rate=1, zone_write_burst=3)
    asked = limited(application, seconds, rates)
    me, other, root = asked.bearer("me@x.org"), asked.bearer("you@x.org"), asked.bearer("root@x.org", "admin:*")
    zone, second = me.zone("one.com"), me.zone("two.com")
    record = me.record(zone, "A", "www", "192.0.2.1")

    def change(value: str, bearer: Bearer = me) -> TestResponse:
        return bearer("PATCH", f"/dns-records/{record['uuid']}/", {"value": value})

    assert change("300.0.2.1").status_code == 400
    assert [change(f"192.0.2.{number}").status_code for number in (1, 2, 2, 3)] == [200] * 4
    before = asked.store.path.read_bytes()
    refused = change("192.0.2.4")
    assert is_error(refused, 429, "rate_limited")
    assert (refused.headers["Retry-After"], *shown(refused)) == ("1", '"zone";q=1;w=1', '"zone";r=0;t=1')
    assert asked.store.path.read_bytes() == before
    assert change("192.0.2.3").status_code == 200, "what changes nothing is no change"
    assert change("192.0.2.4", root).status_code == 200, "operators are exempt"
    me.record(second, "A", "www", "192.0.2.1")
    assert me("PATCH", f"/dns-zones/{second['uuid']}/", {"comment": "new"}).status_code == 200
    refused = me("POST", "/dns-zones/", {"domain": "three.com"})
    assert is_error(refused, 429, "rate_limited")
    assert shown(refused) == ('"account";q=2;w=1', '"account";r=0;t=1')
    other.zone("three.com")
    seconds.now += 1
    assert change("192.0.2.5").status_code == 200
    assert me("DELETE", f"/dns-zones/{zone['uuid']}/").status_code == 429
    assert me("DELETE", f"/dns-zones/{second['uuid']}/").status_code == 204


def test_whatever_is_stored_is_limited(application: Application, seconds: Seconds) -> None:
    asked = limited(application, seconds, ApiSettings(account_write_rate=1, account_write_burst=5))
    me = asked.bearer("me@x.org", "dns:*", "account:tokens")
    other, root = asked.bearer("you@x.org", "account:tokens"), asked.bearer("root@x.org", "admin:*")
    me.zone("one.com")
    same = {"changes": [{"action": "replace", "name": "www", "record_type": "A", "values": []}]}

    def change_nothing(key: str) -> TestResponse:
        return me("POST", "/dns-zones/one.com/changes/", same, {"Idempotency-Key": key})

    def create(bearer: Bearer, name: str) -> TestResponse:
        return bearer("POST", "/account/tokens/", {"name": name, "permissions": ["account:tokens"]})

    assert [change_nothing(f"k{number}").status_code for number in range(2)] == [200, 200]
    created = [create(me, f"t{number}") for number in range(2)]
    assert [one.status_code for one in created] == [201, 201]
    before = asked.store.path.read_bytes()
    assert is_error(change_nothing("k2"), 429, "rate_limited") and is_error(create(me, "t2"), 429, "rate_limited")
    assert asked.store.path.read_bytes() == before
    assert change_nothing("k1").headers["Idempotency-Replayed"] == "true"
    assert me("DELETE", f"/account/tokens/{created[0].get_json()['uuid']}/").status_code == 204, "of a lost token, too"
    assert [create(bearer, "t3").status_code for bearer in (other, root)] == [201, 201]


def test_an_address_that_fails_is_refused_and_no_other(application: Application, seconds: Seconds) -> None:
    asked = limited(application, seconds, ApiSettings(failure_rate=1, failure_burst=3))
    me, stranger = asked.bearer("me@example.org"), Bearer(asked.app.test_client(), "vps_" + "x" * 32)
    for _ in range(3):
        assert is_error(stranger("GET", "/dns-zones/", environ_overrides=HERE), 401, "invalid_token")
    refused = stranger("GET", "/dns-zones/", environ_overrides=HERE)
    assert is_error(refused, 429, "rate_limited")
    assert refused.headers["Retry-After"] == "1"
    assert is_error(me("GET", "/dns-zones/", environ_overrides=HERE), 429, "rate_limited")
    assert me("GET", "/dns-zones/", environ_overrides=THERE).status_code == 200
    assert is_error(stranger("GET", "/dns-zones/", environ_overrides=THERE), 401, "invalid_token")
    seconds.now += 1
    assert me("GET", "/dns-zones/", environ_overrides=HERE).status_code == 200, "valid tokens are no failures"
    assert me("GET", "/dns-zones/", environ_overrides=HERE).status_code == 200


def test_what_needs_no_token_is_not_limited(application: Application, seconds: Seconds) -> None:
    asked = limited(application, seconds, ApiSettings(failure_rate=1, failure_burst=1))
    web = asked.app.test_client()
    for path in ("/healthz", "/readyz", "/api/v1/openapi.json") * 3:
        assert web.get(path, environ_overrides=HERE).status_code != 429
    assert is_error(web.get("/api/v1/dns-zones/", environ_overrides=HERE), 401, "invalid_token")
    assert is_error(web.get("/api/v1/dns-zones/", environ_overrides=HERE), 429, "rate_limited")
    assert web.get("/readyz", environ_overrides=HERE).status_code != 429
    guess = {"Authorization": "Bearer vps_" + "x" * 32}
    assert is_error(web.get("/metrics", headers=guess, environ_overrides=HERE), 429, "rate_limited")


def test_the_document_tells_of_it(application: Application) -> None:
    document = application.app.test_client().get("/api/v1/openapi.json").get_json()
    assert {"RateLimit", "RateLimit-Policy"} < document["components"]["responses"]["TOO_MANY_REQUESTS"][
        "headers"
    ].keys()
    for passing in ("TOO_MANY_REQUESTS", "SERVICE_UNAVAILABLE"):
        assert "Retry-After" in document["components"]["responses"][passing]["headers"]
    for methods in document["paths"].values():
        for method in methods.keys() - {"parameters"}:
            assert methods[method]["responses"]["429"] == {"$ref": "#/components/responses/TOO_MANY_REQUESTS"}


def with_quotas(application: Application, zones: int, records: int) -> Application:
    settings = replace(application.settings, quotas=QuotaSettings(zones=zones, records=records))
    return Application(settings, application.clock, create_app(settings, application.clock))


def test_a_quota_of_zones(application: Application) -> None:
    application = with_quotas(application, zones=2, records=0)
    me, other, root = (
        application.bearer("me@x.org"),
        application.bearer("other@x.org"),
        application.bearer("root@x.org", "admin:*"),
    )
    first, _ = me.zone("one.com"), me.zone("two.com")
    refused = me("POST", "/dns-zones/", {"domain": "three.com"})
    assert is_error(refused, 400, "validation_error", "domain")
    assert "2 zones" in refused.get_json()["detail"]
    other.zone("three.com")
    assert me("DELETE", f"/dns-zones/{first['uuid']}/").status_code == 204
    me.zone("four.com")
    for number in range(3):
        root.zone(f"root{number}.com")


def test_a_quota_of_records(application: Application) -> None:
    wide = application.bearer("me@x.org")
    zone, large = wide.zone("one.com"), wide.zone("large.com")
    record, *_ = [wide.record(large, "A", f"h{number}", "192.0.2.1") for number in range(4)]
    application = with_quotas(application, zones=0, records=2)
    me = application.bearer("me@x.org")
    me.record(zone, "A", "@", "192.0.2.1")
    me.record(zone, "A", "www", "192.0.2.1")
    before = me("GET", f"/dns-zones/{zone['uuid']}/").get_json()
    body = {"record_type": "A", "name": "third", "value": "192.0.2.1"}
    for full in (zone, large):
        refused = me("POST", f"/dns-zones/{full['uuid']}/records/", body)
        assert is_error(refused, 400, "validation_error", "name")
    assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json() == before
    assert me("PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"}).status_code == 200
    assert me("DELETE", f"/dns-records/{record['uuid']}/").status_code == 204
    assert application.bearer("root@x.org", "admin:*").record(zone, "A", "third", "192.0.2.1")


def guess(limits: RateLimits, email: str, address: str, *, usual: Collection[str] = (), is_right: bool = False) -> None:
    with limits.sign_in(email, address, usual) as forgive:
        if is_right:
            forgive()


def test_wrong_passwords_are_limited_by_account_and_network(seconds: Seconds) -> None:
    limits = create_rate_limits(ApiSettings(token_rate=0, failure_rate=0), seconds)
    for _ in range(10):
        guess(limits, "me@example.org", "192.0.2.1")
    with pytest.raises(RateLimited):
        guess(limits, "ME@example.org", "::ffff:192.0.2.1")
    guess(limits, "me@example.org", "192.0.2.2")
    guess(limits, "you@example.org", "192.0.2.1")
    seconds.now += 6
    guess(limits, "me@example.org", "192.0.2.1")
    with pytest.raises(RateLimited):
        guess(limits, "me@example.org", "192.0.2.1")


def test_giving_back_never_exceeds_the_burst(seconds: Seconds) -> None:
    rate = Rate(1, 2, seconds)
    rate.give_back("a")
    assert len(rate) == 0
    rate.take("a")
    for _ in range(2):
        rate.give_back("a")
    assert [rate.take("a") for _ in range(3)] == [0, 0, 1]


def test_right_passwords_and_codes_are_not_counted(seconds: Seconds) -> None:
    limits = create_rate_limits(ApiSettings(), seconds)
    for _ in range(100):
        guess(limits, "me@example.org", "192.0.2.1", is_right=True)
        forgive = limits.count_code("me", "192.0.2.1", ())
        assert forgive
        forgive()


def test_codes_are_counted_for_each_usual_network_and_all_others_together(seconds: Seconds) -> None:
    limits, usual = create_rate_limits(ApiSettings(), seconds), {"192.0.2.1", "2001:db8::1"}

    def tried(address: str) -> bool:
        return limits.count_code("me", address, usual) is not None

    assert [tried(f"198.51.100.{number}") for number in range(11)] == [True] * 10 + [False]
    assert [tried("192.0.2.1") for _ in range(11)] == [True] * 10 + [False]
    assert tried("2001:db8::2") and limits.count_code("you", "198.51.100.1", ())
    seconds.now += 3600
    assert [tried(f"198.51.100.{number}") for number in range(2)] == [True, False]


def test_wrong_passwords_from_many_networks_lock_nobody_out_of_a_usual_one(seconds: Seconds) -> None:
    limits, usual = create_rate_limits(ApiSettings(), seconds), {"192.0.2.1", "2001:db8::1"}
    for number in range(100):
        guess(limits, "me@example.org", f"198.51.100.{number}", usual=usual)
    with pytest.raises(RateLimited):
        guess(limits, "Me@example.org", "203.0.113.1", usual=usual)
    guess(limits, "me@example.org", "2001:db8::2", usual=usual)
    guess(limits, "you@example.org", "203.0.113.1")
    seconds.now += 36
    guess(limits, "me@example.org", "203.0.113.1", usual=usual)
    with pytest.raises(RateLimited):
        guess(limits, "me@example.org", "203.0.113.1", usual=usual)


def test_wrong_passwords_for_many_accounts_are_limited_by_network(seconds: Seconds) -> None:
    limits = create_rate_limits(ApiSettings(), seconds)
    for number in range(60):
        guess(limits, f"{number}@example.org", "192.0.2.1")
    with pytest.raises(RateLimited):
        guess(limits, "another@example.org", "192.0.2.1")
