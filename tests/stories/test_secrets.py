"""Secrets are only where they belong: after many wrong requests, search all files and output for them."""

from __future__ import annotations

import re
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

import pytest
import requests

from appliance.embedded.first_start import FIRST_ACCOUNT
from appliance.store.file import sqlite
from tests import door_secrets
from tests.appliance import Appliance
from tests.door_writers import open_doors
from tests.pair import LOOPBACK
from tests.repetition import repeated

EMAIL, PASSWORD, SHORT = "secret@example.org", "correct horse battery staple", "hunter2"
UNKNOWN = "vps_UnknownUnknownUnknownUnknown0123"
PUBLIC = 12
"""Characters of a token that are not secret."""


class ProcessList:
    """All command lines of processes, recorded while it watches."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def watching(self) -> AbstractContextManager[None]:
        """Record command lines while the block runs."""
        return repeated(self._record, 0.01)

    def _record(self) -> None:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.seen.add(entry.read_bytes())
            except OSError:
                continue


def wrong_requests(own: Appliance, token: str, domain: str) -> list[str]:
    """Send requests with a secret in wrong places, and return the responses."""
    api = own.client(token)
    zone = api.zone(domain)
    api.record(zone, "A", "@", "192.0.2.1")
    records = f"/dns-zones/{zone['uuid']}/records/"
    answers = [
        api("GET", f"/dns-zones/?token={token}"),
        api("GET", f"/dns-zones/{token}/"),
        api("GET", f"/nothing/{token}"),
        api("POST", "/dns-records/", {"zone": token, "record_type": "A", "name": "@", "value": "192.0.2.1"}),
        api("POST", records, {"record_type": "A", "name": "www", "value": "192.0.2.1"}, {"Prefer": f"wait={token}"}),
        api("POST", records, {"record_type": "A", "name": "www", "value": "192.0.2.1"}),
        api("PUT", "/dns-zones/", {}),
        own.client(token[:-1])("GET", "/dns-zones/"),
        own.client(f"{token} {token}")("GET", "/dns-zones/"),
        own.client(UNKNOWN)("POST", "/dns-zones/", {"domain": "x.example"}),
    ]
    return [str(answer.headers) + answer.text for answer in answers]


def sign_in(own: Appliance, email: str, password: str) -> str:
    """Sign in to the console and return the page, without the cookie."""
    browser = requests.Session()
    browser.trust_env = False
    page = f"http://{LOOPBACK}:{own.ports.api}/sign-in/"
    found = re.search(r'name="csrf_token" value="(\w+)"', browser.get(page, timeout=30).text)
    assert found
    values = {"csrf_token": found[1], "email": email, "password": password}
    with browser.post(page, values, timeout=30) as answer:
        browser.close()
        return answer.text


def keys_of(state: Path) -> set[str]:
    """Return the secrets in the key files."""
    found = {re.search(r'secret "([^"]+)"', file.read_text()) for file in state.glob("keys/*.key")}
    return {one[1] for one in found if one}


def rows_outside(reader: sqlite.Connection, *excepted: str) -> bytes:
    """Return all rows of all tables but these, as text."""
    tables = [name for (name,) in reader.execute("select name from sqlite_master where type = 'table'")]
    rows = [row for name in tables if name not in excepted for row in _rows(reader, name)]
    return b"\n".join(str(row).encode() + b"".join(one for one in row if isinstance(one, bytes)) for row in rows)


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that is kept until the end of the test."""
    with tempfile.TemporaryDirectory(prefix="story-") as folder:
        yield Path(folder)


def test_no_secret_is_exposed(state: Path) -> None:
    processes = ProcessList()
    with processes.watching(), Appliance(state) as own:
        first = re.search(r"^password +(\S+).*\ntoken +(\S+)", own.printed.read_text(), re.MULTILINE)
        assert first
        output = [sign_in(own, FIRST_ACCOUNT, word) for word in (first[1], PASSWORD, SHORT)]
        assert ["Sign out" in page for page in output] == [True, False, False]
        tokens = [first[2], own.token(EMAIL)]
        output.append(own.command("account", "password", EMAIL, typed=f"{PASSWORD}\n"))
        output.append(own.command("account", "password", EMAIL, typed=f"{SHORT}\n", status=1))
        for number, token in enumerate(tokens):
            output += wrong_requests(own, token, f"secrets{number}.example")
        doors = open_doors(own, "doors.example", EMAIL)
        output += door_secrets.use_everywhere(doors)
        for words in (("token", "list", "--json"), ("config", "show"), ("status",), ("doctor",)):
            output.append(own.command(*words, status=None))
        output.append(own.command("backup", str(state / "backup.sqlite3"), "--json"))
        output += [own.get("/metrics").text, own.get("/readyz").text]
        store = state / "store" / "store.sqlite3"
        with closing(sqlite.connect(store)) as broken, broken:
            broken.execute("update record set rdtype = 'NOTHING'")
        output += [own.client(token)("GET", "/dns-records/").text for token in tokens]
        assert "internal error" in output[-1]
        with closing(sqlite.connect(store)) as reader:
            hashes = reader.execute("select password_hash from account where password_hash is not null")
            digests = {kept for (kept,) in hashes}
            rows = rows_outside(reader, "tsig_key", "account")
        keys = keys_of(state)
        assert len(keys) == 3
    tsig_keys = door_secrets.keys_of(doors)
    secrets = {token[PUBLIC:] for token in (*tokens, UNKNOWN, *door_secrets.secrets_of(doors))}
    secrets |= {PASSWORD, SHORT, first[1]} | keys | tsig_keys
    assert len(digests) == 2
    assert _found(secrets | digests, rows) == set()
    assert _found(secrets | digests, "\n".join(output).encode()) == set()
    assert _found(secrets | digests, b"\n".join(processes.seen)) == set()
    for file in filter(Path.is_file, state.rglob("*")):
        allowed: set[str] = set()
        if file.parent.name == "keys" or file.name == "named.conf":
            allowed = keys
        elif file == own.printed:
            allowed = {first[1], first[2][PUBLIC:]}  # shown once, to the person who started it
        elif file.parent.name == "store" or file.name == "backup.sqlite3":
            allowed = digests | {doors.credentials.key.secret}
        assert _found(secrets | digests, file.read_bytes()) <= allowed, file


def _rows(reader: sqlite.Connection, table: str) -> list[tuple[object, ...]]:
    return list(reader.execute(f'select * from "{table}"'))  # noqa: S608 - a name of the schema


def _found(secrets: set[str], text: bytes) -> set[str]:
    return {secret for secret in secrets if any(form in text for form in _forms(secret))}


def _forms(secret: str) -> list[bytes]:
    """Return a secret as it is, and what it says in base64."""
    with suppress(ValueError):
        return [secret.encode(), b64decode(secret, validate=True)]
    return [secret.encode()]
