"""DKIM records from a key as programs print it: only public keys are accepted, and revoking is a choice."""

from __future__ import annotations

import base64

import pytest

from appliance.console.dkim import REVOKED, join_dkim, split_dkim
from appliance.errors import InputError
from tests.console.zone_page import RSA_KEY

RECORD = f"v=DKIM1; k=rsa; p={RSA_KEY}"
ED25519 = "434siVd4SX3DwCplpwhsCeqppzP68BuQrO/9p1E+AYY="
ED25519_DER = "MCowBQYDK2VwAyEA434siVd4SX3DwCplpwhsCeqppzP68BuQrO/9p1E+AYY="
SHORT = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMyMhTWgXu4VRJ2D90U9lzK+VbVi1xeqVfbKhBba++Rx4R7nAJcgqvHDB7OXCYxJ35pXWNFicC4n47Q/"
    "oacMjqMCAwEAAQ=="
)
"""An RSA public key of 512 bits."""
PRIVATE = base64.b64encode(bytes.fromhex("3008020100020107020103")).decode()
"""The beginning of an RSA private key: its version, modulus and exponent."""
PKCS1 = base64.b64encode(base64.b64decode(RSA_KEY)[22:]).decode()
"""The same RSA key as RSA_KEY, without the SubjectPublicKeyInfo around it."""


def pem(key: str, label: str = "PUBLIC KEY") -> str:
    lines = "\r\n".join(key[at : at + 64] for at in range(0, len(key), 64))
    return f"-----BEGIN {label}-----\r\n{lines}\r\n-----END {label}-----\r\n"


@pytest.mark.parametrize(
    ("key", "record"),
    [
        (RSA_KEY, RECORD),
        (f" {RSA_KEY[:50]}\n {RSA_KEY[50:]}\n", RECORD),
        (pem(RSA_KEY), RECORD),
        (PKCS1, f"v=DKIM1; k=rsa; p={PKCS1}"),
        (ED25519, f"v=DKIM1; k=ed25519; p={ED25519}"),
        (pem(ED25519_DER), f"v=DKIM1; k=ed25519; p={ED25519}"),
        (RECORD, RECORD),
        (f"v=DKIM1;h=sha256; k=rsa;t=y;p={RSA_KEY};", f"v=DKIM1; h=sha256; k=rsa; t=y; p={RSA_KEY}"),
        (f"p={RSA_KEY}", f"v=DKIM1; p={RSA_KEY}"),
        (f'"v=DKIM1; k=rsa; p={RSA_KEY[:80]}" "{RSA_KEY[80:]}"', RECORD),
        (f'mail._domainkey IN TXT ( "v=DKIM1; k=rsa; "\r\n\t"p={RSA_KEY}" ) ; ----- mail', RECORD),
    ],
)
def test_a_public_key_becomes_a_record_that_the_form_can_edit(key: str, record: str) -> None:
    assert join_dkim({"purpose": "", "key": key, "name": "mail._domainkey", "zone": "example.com"}) == record
    assert join_dkim(split_dkim(record)) == record


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "missing"),
        ("v=DKIM1; k=rsa; p=", "missing"),
        ("v=DKIM1; k=rsa", "missing"),
        ("nonsense!", "base64"),
        (RSA_KEY[:-1], "base64"),
        (RSA_KEY[:40], "whole"),
        (SHORT, "512 bits"),
        (pem("AAAA", "RSA PRIVATE KEY"), "private key"),
        (PRIVATE, "private key"),
        (base64.b64encode(b"\x30").decode(), "whole"),
        (f"v=DKIM1; k=ed25519; p={RSA_KEY}", "k=ed25519"),
        (f"v=DKIM1; p={ED25519}", "k=rsa"),
        (f"v=DKIM2; p={RSA_KEY}", "v=DKIM2"),
        (f"v=DKIM1; k=rsa; k=rsa; p={RSA_KEY}", "appears twice"),
        (f"v=DKIM1; nonsense; p={RSA_KEY}", "not a tag"),
    ],
)
def test_anything_else_is_refused_at_the_key(key: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        join_dkim({"purpose": "", "key": key})
    assert refused.value.field == "part_key"


def test_revoking_is_a_choice() -> None:
    assert join_dkim({"purpose": "revoke", "key": RSA_KEY}) == join_dkim(split_dkim(REVOKED)) == REVOKED
    with pytest.raises(InputError) as refused:
        join_dkim({"purpose": "remove", "key": RSA_KEY})
    assert refused.value.field == "part_purpose"
