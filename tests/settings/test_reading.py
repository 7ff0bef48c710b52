"""Settings: their sources and ranges, and the error for each that is unknown or not valid."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.addresses import Endpoint, LocalSocket, Nameserver
from appliance.errors import SettingsError
from appliance.settings import (
    DEFAULT_FILE,
    ENVIRONMENT_PREFIX,
    SECTIONS,
    Settings,
    known_keys,
    print_value,
    read_settings,
)


def variable_of(key: str) -> str:
    """Return the environment variable of a key."""
    return f"{ENVIRONMENT_PREFIX}{key.replace('.', '_').upper()}"


def value_of(settings: Settings, key: str) -> object:
    section, name = key.split(".")
    return getattr(getattr(settings, section), name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_without_file_and_environment_all_settings_are_default() -> None:
    settings = read_settings(None, {"PATH": "/bin", "DNS_APPLIANCE": "x"})
    assert settings == Settings() and settings.sources == {}
    with pytest.raises(FrozenInstanceError):
        settings.api.threads = 3  # type: ignore[misc]


def test_every_key_is_described_in_its_class() -> None:
    assert DEFAULT_FILE.is_absolute() and len(known_keys()) == len(set(known_keys()))
    for name, section in SECTIONS.items():
        assert (section.__doc__ or "").startswith(f"[{name}]")
        for one in fields(section):
            assert one.metadata["text"], f"{name}.{one.name}"


def test_every_range_in_a_description_is_enforced() -> None:
    for name, section in SECTIONS.items():
        for one in fields(section):
            described = re.search(r"\b(\d+) to (\d+)", one.metadata["text"])
            if described:
                for outside in (int(described[1]) - 1, int(described[2]) + 1):
                    with pytest.raises(SettingsError, match=f"must be {described[0]}"):
                        read_settings(None, {variable_of(f"{name}.{one.name}"): str(outside)})


def test_every_key_has_its_own_variable() -> None:
    assert len({variable_of(key) for key in known_keys()}) == len(known_keys())


@pytest.mark.parametrize("key", known_keys())
def test_every_variable_accepts_the_printed_value(key: str) -> None:
    default = value_of(Settings(), key)
    settings = read_settings(None, {variable_of(key): print_value(default)})
    assert value_of(settings, key) == default and settings.sources == {key: variable_of(key)}


def test_the_environment_has_priority_over_the_file(file: Path) -> None:
    file.write_text('[api]\nthreads = 4\nlisten = "127.0.0.1:1"\n[dns]\ncatalog = "cätalog.example"\n', "utf-8")
    settings = read_settings(file, {"DNS_APPLIANCE_API_THREADS": "8"})
    assert (settings.api.threads, str(settings.api.listen)) == (8, "127.0.0.1:1")
    assert settings.dns.catalog == "xn--ctalog-bua.example"
    assert settings.sources == {
        "api.threads": "DNS_APPLIANCE_API_THREADS",
        "api.listen": str(file),
        "dns.catalog": str(file),
    }


def test_lists_addresses_and_paths_are_parsed(file: Path) -> None:
    file.write_text(
        '[api]\ntrusted_proxies = ["127.0.0.1", "::1"]\nlisten = "[::1]:8053"\n[store]\npath = "/x y/s"\n'
        '[dns]\nnameservers = ["NS1.example.net.=192.0.2.1:53", "ns2.example.net=[2001:db8::2]:5353"]\n'
    )
    settings = read_settings(file, {})
    assert settings.api.trusted_proxies == ("127.0.0.1", "::1") and settings.store.path == Path("/x y/s")
    assert settings.api.listen == Endpoint("::1", 8053) and str(settings.api.listen) == "[::1]:8053"
    second = Nameserver("ns2.example.net", Endpoint("2001:db8::2", 5353))
    assert settings.dns.nameservers == (Nameserver("ns1.example.net", Endpoint("192.0.2.1", 53)), second)
    again = read_settings(None, {"DNS_APPLIANCE_DNS_NAMESERVERS": print_value(settings.dns.nameservers)})
    assert again.dns.nameservers == settings.dns.nameservers
    assert read_settings(None, {"DNS_APPLIANCE_API_HOSTS": " a , b,"}).api.hosts == ("a", "b")


def test_a_unix_socket_is_a_listen_address() -> None:
    longest = f"/{'x' * 106}"
    for path in ("/run/dns-appliance-api/api.sock", longest):
        settings = read_settings(None, {"DNS_APPLIANCE_API_LISTEN": f"unix:{path}"})
        assert settings.api.listen == LocalSocket(Path(path))
        assert print_value(settings.api.listen) == f"unix:{path}"
    expected = "api.listen is .*, which is not address:port, .*, or unix: and the absolute path of a socket"
    for text in ("unix:", "unix:api.sock", "unix:./api.sock", f"unix:{longest}x", "unix:/a\0b", "unix"):
        with pytest.raises(SettingsError, match=expected):
            read_settings(None, {"DNS_APPLIANCE_API_LISTEN": text})
    with pytest.raises(SettingsError, match=r"deployer\.control is 'unix:/a', which is not address:port, such as"):
        read_settings(None, {"DNS_APPLIANCE_DEPLOYER_CONTROL": "unix:/a"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[api]\nthread = 4", "api.thread is unknown; did you mean api.threads?"),
        ("[apis]\nthreads = 4", "apis.threads is unknown; did you mean api.threads?"),
        ("[zebra]\nquagga = 4", "zebra.quagga is unknown"),
        ("threads = 4", "the key threads is outside a section"),
        ("[api\nthreads = 4", "is not TOML"),
        ("[api]\nthreads = 4\nthreads = 5", "is not TOML"),
        ("[api]\nthreads = 1", "api.threads is 1; it must be 2 to 256"),
        ("[api]\nthreads = 257", "it must be 2 to 256"),
        ("[api]\nthreads = true", "api.threads is True, which is not an integer"),
        ("[api]\nthreads = 4.0", "not an integer"),
        ('[api]\nthreads = "many"', "not an integer"),
        ("[api]\nthreads = [4]", "not an integer"),
        ("[api]\nlisten = 8053", "not address:port"),
        ('[api]\nlisten = "127.0.0.1"', "not address:port"),
        ('[api]\nlisten = ":80"', "not address:port"),
        ('[api]\nlisten = "127.0.0.1:0"', "not address:port"),
        ('[api]\nlisten = "127.0.0.1:65536"', "not address:port"),
        ('[api]\nlisten = "127.0.0.1:http"', "not address:port"),
        ("[api]\ntrusted_proxies = 1", "not a list of addresses or networks"),
        ("[api]\ntrusted_proxies = [1]", "not a list of addresses or networks"),
        ("[store]\npath = 1", "not a path"),
        ("[store]\nbusy_timeout = 0", "it must be 1 to 60"),
        ("[dns]\ncatalog = 1", "not a domain name"),
        ("[deployer]\nrndc = 1", "not a string"),
        ("[dns]\napex_ttl = -1", "it must be 0 to 2147483647"),
        ("[dns]\nexpire = 2147483648", "it must be 0 to 2147483647"),
        ('[dns]\nnameservers = ["ns1.example.net"]', "not a list of name=address:port"),
        ('[dns]\nnameservers = ["=192.0.2.1:53"]', "not a list of name=address:port"),
        ('[dns]\nnameservers = "ns1.example.net=192.0.2.1"', "not a list of name=address:port"),
        ("[deployer]\npoll_interval = 9", "it must be 10 to 60000"),
        ('[api]\nlisten = "[::1]:8053"\n[deployer]\ncontrol = "[0::1]:8053"', "deployer.control are both"),
        ('[api]\nlisten = "192.0.2.1:53"\n[dns]\nnameservers = "a.example=192.0.2.1:53"', "dns.nameservers are both"),
    ],
)
def test_errors_in_the_file_name_the_key(file: Path, text: str, expected: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match=re.escape(expected)):
        read_settings(file, {})


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        (
            "DNS_APPLIANCE_API_THREAD",
            "4",
            "DNS_APPLIANCE_API_THREAD, which is unknown; did you mean DNS_APPLIANCE_API_THREADS?",
        ),
        ("DNS_APPLIANCE_API_THREADS", "", "api.threads is '', which is not an integer"),
        ("DNS_APPLIANCE_API_THREADS", "257", "api.threads is 257; it must be 2 to 256"),
    ],
)
def test_errors_in_the_environment_name_the_variable(variable: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(expected)):
        read_settings(None, {variable: value})


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing.toml", tmp_path, binary):
        with pytest.raises(SettingsError, match=re.escape(str(path))):
            read_settings(path, {})


@given(st.sampled_from(known_keys()), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_value_or_a_settings_error(key: str, text: str) -> None:
    try:
        message = str(read_settings(None, {variable_of(key): text}).sources)
    except SettingsError as refused:
        message = str(refused)
    assert key in message
