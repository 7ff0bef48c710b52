"""SPF records from the fields of a form: each mechanism is checked, and the record can be edited in it."""

from __future__ import annotations

import pytest

from appliance.console.spf import MAX_LOOKUPS, join_spf, split_spf
from appliance.errors import InputError

NONE = {"mx": "", "a": "", "includes": "", "addresses": "", "policy": ""}


@pytest.mark.parametrize(
    ("fields", "record"),
    [
        ({}, "v=spf1 ~all"),
        ({"mx": "mx", "a": "a", "policy": "-all"}, "v=spf1 mx a -all"),
        (
            {"includes": "_spf.example.net, include:b.example.net."},
            "v=spf1 include:_spf.example.net include:b.example.net ~all",
        ),
        (
            {"addresses": "192.0.2.1 ip4:192.0.2.0/24,2001:db8::/32"},
            "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all",
        ),
        ({"includes": "bücher.example"}, "v=spf1 include:xn--bcher-kva.example ~all"),
    ],
)
def test_fields_become_a_record_and_come_back(fields: dict[str, str], record: str) -> None:
    assert join_spf({**NONE, **fields}) == record
    assert join_spf({**NONE, **split_spf(record)}) == record


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(
            ("addresses", text)
            for text in ("192.0.2.7 ip4:300.1.1.1", "300.1.1.1", "192.0.2.0/33", "x", "fe80::1%eth0")
        ),
        *(("addresses", text) for text in ("ip4:2001:db8::1", "ip6:192.0.2.1", "::/129", "192.0.2.0/255.255.255.0")),
        *(("includes", text) for text in ("localhost", "a..example", "-all", "192.0.2.1", "ip4:192.0.2.1")),
    ],
)
def test_wrong_mechanisms_are_refused_at_their_field(field: str, text: str) -> None:
    with pytest.raises(InputError) as refused:
        join_spf({**NONE, field: text})
    assert refused.value.field == f"part_{field}" and str(refused.value).startswith(text.rsplit(maxsplit=1)[-1])


def test_the_number_of_mechanisms_that_need_a_query_is_limited() -> None:
    allowed = " ".join(f"spf-{number}.example" for number in range(MAX_LOOKUPS - 1))
    assert join_spf({**NONE, "includes": allowed, "mx": "mx"})
    with pytest.raises(InputError, match="11 mechanisms") as refused:
        join_spf({**NONE, "includes": allowed, "mx": "mx", "a": "a"})
    assert refused.value.field == "part_includes"


@pytest.mark.parametrize("record", ["v=spf1 a mx -all", "v=spf1 redirect=example.net -all", "v=spf1 ?mx -all"])
def test_a_record_with_anything_else_is_not_kept_by_the_form(record: str) -> None:
    assert join_spf({**NONE, **split_spf(record)}) != record


@pytest.mark.parametrize("record", ["v=spf1 mx", "v=spf1 redirect=example.net", "v=spf1 mx +all"])
def test_a_record_with_another_end_is_refused_by_the_form(record: str) -> None:
    with pytest.raises(InputError) as refused:
        join_spf({**NONE, **split_spf(record)})
    assert refused.value.field == "part_policy"
