"""What a text of a TXT record is to receivers of mail."""

from __future__ import annotations

import pytest

from appliance.zones.mail_texts import kind_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("v=spf1", "SPF"),
        ("v=spf1 -all", "SPF"),
        ('"v=spf1" " -all"', "SPF"),
        ("V=SPF1 a", "SPF"),
        ("v=spf10", None),
        ("v=spf2.0/pra", None),
        (" v=spf1", None),
        ("v=DMARC1; p=none", "DMARC"),
        ("v=DKIM1;p=x", "DKIM"),
        ("google-site-verification=v=spf1", None),
        ("", None),
    ],
)
def test_kinds(value: str, kind: str | None) -> None:
    assert kind_of(value) == kind
