"""terraform itself with the provider, against an appliance. The program is on PATH, as `terraform` or `tofu`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.conftest import SECONDS, VENVS, Run
from tests.appliance import Appliance, Client
from tests.pair import wait_for

Start = Callable[..., subprocess.Popen[bytes]]
Terraform = Callable[..., str]

CONFIGURATION = """
terraform {
  required_providers {
    dnsappliance = { source = "local/dns/dnsappliance" }
  }
}

provider "dnsappliance" {}

resource "dnsappliance_zone" "example" {
  domain = "Terraform.Example."
}

resource "dnsappliance_record" "www" {
  zone  = dnsappliance_zone.example.id
  type  = "AAAA"
  name  = "WWW"
  value = "2001:DB8:0::1"
  ttl   = 300
}

resource "dnsappliance_record" "mail" {
  zone     = dnsappliance_zone.example.id
  type     = "MX"
  value    = "mail.example.net."
  priority = 10
}

resource "dnsappliance_record" "text" {
  zone  = dnsappliance_zone.example.id
  type  = "TXT"
  value = "v=spf1 -all"
}
"""


@pytest.fixture
def start(tmp_path: Path, url: str, token: str) -> Start:
    """Start terraform in a process group of its own, with the provider of the venv; it prints into a file."""
    program = shutil.which("terraform") or shutil.which("tofu")
    assert program, "neither terraform nor tofu is on PATH: https://opentofu.org/docs/intro/install/ has packages"
    plugins = tmp_path / "plugins/local/dns/dnsappliance/0.2.0/linux_amd64"
    plugins.mkdir(parents=True)
    (plugins / "terraform-provider-dnsappliance").symlink_to(VENVS / "terraform/bin/terraform-provider-dnsappliance")
    (tmp_path / "rc").write_text(f'provider_installation {{ filesystem_mirror {{ path = "{tmp_path}/plugins" }} }}\n')
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TF_CLI_CONFIG_FILE": str(tmp_path / "rc"),
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_ARGS": "-no-color",
        "DNS_APPLIANCE_URL": url,
        "DNS_APPLIANCE_TOKEN": token,
    }

    def start_terraform(*words: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "printed").open("wb") as printed:
            return subprocess.Popen(
                (program, *words),
                cwd=tmp_path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    return start_terraform


@pytest.fixture
def terraform(start: Start, tmp_path: Path, token: str) -> Terraform:
    """Run terraform; check its exit status; return what it prints, without colours and never with the token."""

    def run(*words: str, status: int = 0) -> str:
        ended = start(*words).wait(SECONDS)
        printed = (tmp_path / "printed").read_text()
        assert ended == status, f"{words} exited with {ended}: {printed}"
        assert token not in printed
        return printed

    run("init")
    return run


def uuids(folder: Path) -> dict[str, str]:
    """Return the ids of the resources in the state, by their names."""
    state = json.loads((folder / "terraform.tfstate").read_text())
    return {each["name"]: each["instances"][0]["attributes"]["id"] for each in state["resources"]}


def test_resources_live_and_end(terraform: Terraform, api: Client, token: str, tmp_path: Path) -> None:
    terraform("apply", "-auto-approve")
    records = api.expect(200, "GET", "/dns-zones/terraform.example/")["records"]
    assert {(record["name"], record["value"], record["ttl"], record["priority"]) for record in records} == {
        ("www", "2001:db8::1", 300, None),
        ("@", "mail.example.net", 3600, 10),
        ("@", "v=spf1 -all", 3600, None),
    }
    shown = terraform("plan", "-detailed-exitcode")
    assert "No changes" in shown
    assert "Warning" not in shown
    assert token not in (tmp_path / "terraform.tfstate").read_text()

    api.expect(204, "DELETE", f"/dns-records/{uuids(tmp_path)['text']}/")
    changed = CONFIGURATION.replace('"2001:DB8:0::1"', '"2001:db8::2"').replace("= 10", "= 20")
    (tmp_path / "main.tf").write_text(changed)
    before = uuids(tmp_path)
    assert "1 added, 2 changed, 0 destroyed" in terraform("apply", "-auto-approve")
    assert {name: before[name] for name in ("www", "mail")}.items() <= uuids(tmp_path).items()

    kept = uuids(tmp_path)
    terraform("state", "rm", "dnsappliance_record.mail")
    terraform("import", "dnsappliance_record.mail", kept["mail"])
    terraform("apply", "-auto-approve")
    assert uuids(tmp_path) == kept

    terraform("destroy", "-auto-approve")
    assert not api.expect(200, "GET", "/dns-zones/?domain=terraform.example")


def test_dnssec_is_turned_on_and_off_as_a_setting_of_the_zone(
    terraform: Terraform, api: Client, tmp_path: Path
) -> None:
    plain = CONFIGURATION.replace("Terraform.Example.", "signed.example")
    (tmp_path / "main.tf").write_text(plain)
    terraform("apply", "-auto-approve")
    before = uuids(tmp_path)
    for wanted in ("true", "false"):
        changed = plain.replace('"signed.example"', f'"signed.example"\n  dnssec = {wanted}')
        (tmp_path / "main.tf").write_text(changed)
        assert "0 added, 1 changed, 0 destroyed" in terraform("apply", "-auto-approve")
        assert json.dumps(api.expect(200, "GET", "/dns-zones/signed.example/")["dnssec"]) == wanted
        assert "No changes" in terraform("plan", "-detailed-exitcode")
    assert uuids(tmp_path) == before
    shown = terraform("destroy", "-auto-approve", status=1)
    assert "signed.example is signed" in shown and "remove the DS" in shown


def test_a_refused_value_is_named_and_leaves_no_state(terraform: Terraform, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        CONFIGURATION.replace("2001:DB8:0::1", "nonsense").replace("Terraform", "Refused")
    )
    shown = terraform("apply", "-auto-approve", status=1)
    assert "nonsense" in shown
    assert "www" not in uuids(tmp_path)


def test_an_interrupted_apply_keeps_what_it_created(
    terraform: Terraform, start: Start, appliance: Appliance, api: Client, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(CONFIGURATION.replace("Terraform", "Interrupted"))
    with appliance.without("ns2"):
        apply = start("apply", "-auto-approve")
        wait_for(lambda: api.expect(200, "GET", "/dns-zones/?domain=interrupted.example"), "the zone is stored", 100)
        os.killpg(apply.pid, signal.SIGINT)
        wait_for(lambda: b"Gracefully shutting down" in (tmp_path / "printed").read_bytes(), "terraform ends")
    apply.wait(SECONDS)
    assert [*uuids(tmp_path)] == ["example"]
    terraform("destroy", "-auto-approve")
    assert not api.expect(200, "GET", "/dns-zones/?domain=interrupted.example")


def test_the_readme_creates_a_zone_with_records(follow: Run, api: Client, tmp_path: Path) -> None:
    shown = follow("terraform", {"example.com": "terraform-readme.example"}, {"CHECKPOINT_DISABLE": "1"})
    assert "3 added, 0 changed, 0 destroyed" in shown
    records = api.expect(200, "GET", "/dns-zones/terraform-readme.example/")["records"]
    assert {(record["name"], record["value"]) for record in records} == {
        ("@", "mail.example.net"),
        ("www", "192.0.2.1"),
    }
    assert json.loads((tmp_path / "terraform.tfstate").read_text())["resources"]
