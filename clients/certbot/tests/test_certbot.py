"""certbot itself with the plugin: it finds it, and the certificate authority pebble believes its challenges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.conftest import VENVS, Run
from tests.appliance import Appliance, Client
from tests.clients.authority import Authority, names_of, running_authority

PEBBLE = VENVS / "debian" / "usr" / "bin" / "pebble"
"""Where `make clients` unpacks it."""
FOLDERS = [f"--{name}-dir={name}" for name in ("config", "work", "logs")]
"""Options that keep everything of certbot in the folder where it runs."""


@pytest.fixture
def authority(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A running pebble, which validates at ns2."""
    with running_authority(PEBBLE, tmp_path_factory.mktemp("pebble"), appliance.ports.dns + 1) as running:
        yield running


def test_certbot_lists_the_plugin(run: Run) -> None:
    shown = run("certbot", "certbot", "plugins", "--text", *FOLDERS)
    assert "* dns-appliance" in shown
    assert "Obtain certificates by TXT records in zones of dns-appliance." in shown


def test_the_readme_obtains_a_certificate_for_a_domain_and_a_wildcard(
    follow: Run, api: Client, authority: Authority, tmp_path: Path
) -> None:
    api.wait_until_live(api.zone("certbot.example"))
    follow(
        "certbot",
        {"certonly": f"certonly --server {authority.url} {' '.join(FOLDERS)}", "example.com": "certbot.example"},
        {"REQUESTS_CA_BUNDLE": str(authority.certificate)},
    )
    issued = tmp_path / "config/live/certbot.example/cert.pem"
    assert names_of(issued) == {"certbot.example", "*.certbot.example"}
    secret = (tmp_path / "dns-appliance.ini").read_text().split()[-1]
    assert secret.startswith("vps_") and secret not in (tmp_path / "logs/letsencrypt.log").read_text()
    assert not api.expect(200, "GET", "/dns-zones/certbot.example/")["records"], "certbot removes its challenges"


def test_a_refused_token_is_named_and_not_shown(run: Run, url: str, tmp_path: Path, authority: Authority) -> None:
    token = "vps_" + "x" * 32
    ini = tmp_path / "dns-appliance.ini"
    ini.touch(0o600)
    ini.write_text(f"dns_appliance_url = {url}\ndns_appliance_token = {token}\n")
    words = ("certonly", "--authenticator", "dns-appliance", "--dns-appliance-credentials", "dns-appliance.ini")
    options = ("--server", authority.url, "--non-interactive", "--agree-tos", "--email", "me@example.org")
    shown = run(
        "certbot",
        "certbot",
        *(*words, *options, *FOLDERS, "-d", "refused.example"),
        status=1,
        environment={"REQUESTS_CA_BUNDLE": str(authority.certificate)},
    )
    assert "_acme-challenge.refused.example: the appliance does not accept this token" in shown
    assert token not in shown + (tmp_path / "logs/letsencrypt.log").read_text()
