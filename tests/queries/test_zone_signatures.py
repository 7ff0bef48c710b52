"""What a nameserver serves of a zone with regard to DNSSEC: signed, unsigned, not at all, and without an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dns.name
from dns.rcode import Rcode

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.zone_signatures import ServedZone, query_signatures
from appliance.zones.signing import ServedSigning
from tests.pair import LOOPBACK, Pair, free_port, small_zone, wait_for
from tests.simulated_dns import simulated_dns


def test_a_signed_zone(pair: Pair) -> None:
    zone, uuid = dns.name.from_text("signed.signatures.test"), uuid4()
    keys = pair.files.make_key_folder(uuid)
    pair.control.add_zone(zone, pair.put(uuid, small_zone(zone, 7)), str(keys))
    wait_for(lambda: len(query_signatures(pair.primary, zone).keys) == 1, "the zone has a key")

    def is_signed() -> bool:
        found = query_signatures(pair.primary, zone).signing
        return found is not None and found.expires_at is not None

    wait_for(is_signed, "the SOA is signed")
    served = query_signatures(pair.primary, zone)
    (key,) = served.keys
    assert (key.flags, key.algorithm) == (257, 13)
    assert key.tag == pair.control.key_status(zone)[0].tag
    assert served.signing and served.signing.key_tags == {key.tag} and served.is_answered
    assert served.signing.serial and served.signing.serial >= 7
    assert served.signing.expires_at and served.signing.expires_at > datetime.now(UTC) + timedelta(days=20)


def test_other_zones(pair: Pair) -> None:
    zone = dns.name.from_text("plain.signatures.test")
    pair.create(zone, 7)
    pair.wait_for_serial(pair.primary, zone, 7)
    assert query_signatures(pair.primary, zone) == ServedZone(ServedSigning(7, None))
    for missing in ("www.plain.signatures.test", "none.signatures.test"):
        assert query_signatures(pair.primary, dns.name.from_text(missing)) == ServedZone()
    silent = Nameserver("silent", Endpoint(LOOPBACK, free_port()))
    assert query_signatures(silent, zone, timeout=0.2) == ServedZone(is_answered=False)


def test_a_zone_whose_keys_are_refused_is_not_one_without_keys() -> None:
    zone = dns.name.from_text("starting.test")
    with simulated_dns() as nameserver:
        nameserver.served["starting.test SOA"] = ["starting.test. 60 IN SOA a. b. 7 2 3 4 5"]
        nameserver.served["starting.test DNSKEY"] = []
        assert query_signatures(nameserver.server, zone) == ServedZone(ServedSigning(7, None))
        for refusal in (Rcode.REFUSED, Rcode.SERVFAIL):
            nameserver.served["starting.test DNSKEY"] = refusal
            assert query_signatures(nameserver.server, zone) == ServedZone()
