"""A copy of a signed zone is accepted only if all of it is signed, now, with keys in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dns.name
import pytest

from appliance.errors import CommandFailed
from appliance.nameserver.programs import run
from appliance.nameserver.signed_copies import SignedCopies
from tests.pair import program

NAME = dns.name.from_text("copy.test")
ZONE = """\
copy.test. 300 IN SOA ns1.copy.test. hostmaster.copy.test. 5 3600 300 2419200 300
copy.test. 300 IN NS ns1.copy.test.
ns1.copy.test. 300 IN A 192.0.2.1
"""
SignZone = Callable[..., Path]


@pytest.fixture
def sign(tmp_path: Path) -> SignZone:
    """Sign the zone with a new key, with options of dnssec-signzone; return its file, a record a line."""

    def signed(*options: str) -> Path:
        folder = str(tmp_path)
        run((program("dnssec-keygen"), "-q", "-K", folder, "-a", "13", "-f", "KSK", "copy.test"), timeout=60)
        plain, copy = tmp_path / "plain", tmp_path / "copy"
        plain.write_text(ZONE)
        words = ("-S", "-z", "-P", "-K", folder, "-d", folder, "-O", "full", "-o", "copy.test", *options)
        run((program("dnssec-signzone"), "-q", *words, "-f", str(copy), str(plain)), timeout=60)
        return copy

    return signed


@pytest.fixture(scope="module")
def copies() -> SignedCopies:
    """The programs of this machine."""
    return SignedCopies(program("dnssec-verify"), program("named-compilezone"))


def test_a_valid_copy_is_accepted_and_compiled(copies: SignedCopies, sign: SignZone, tmp_path: Path) -> None:
    copy, compiled = sign(), tmp_path / "compiled"
    copies.verify(NAME, copy)
    copies.compile(NAME, copy, compiled, 4)
    assert compiled.stat().st_size


@pytest.mark.parametrize(
    "validity", [("-s", "20200101000000", "-e", "20200201000000"), ("-s", "now+86400", "-e", "now+172800")]
)
def test_signatures_that_are_not_valid_now_are_refused(
    copies: SignedCopies, sign: SignZone, validity: tuple[str, ...]
) -> None:
    with pytest.raises(CommandFailed):
        copies.verify(NAME, sign(*validity))


@pytest.mark.parametrize(
    ("old", "new"),
    [("192.0.2.1", "192.0.2.9"), ("ns1.copy.test.\t", "ns9.copy.test.\t"), (" 5 3600", " 6 3600")],
)
def test_a_copy_that_was_changed_is_refused(copies: SignedCopies, sign: SignZone, old: str, new: str) -> None:
    copy = sign()
    content = copy.read_text()
    assert old in content
    copy.write_text(content.replace(old, new))
    with pytest.raises(CommandFailed):
        copies.verify(NAME, copy)


def test_an_unsigned_copy_is_refused(copies: SignedCopies, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text(ZONE)
    with pytest.raises(CommandFailed):
        copies.verify(NAME, tmp_path / "copy")
