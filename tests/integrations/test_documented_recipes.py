"""What a preset prints is the recipe in docs/clients.md, so what `make clients` runs is what is pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.addresses import Endpoint
from appliance.integrations.configuration import Credential, Location, configure
from appliance.integrations.presets import CLIENTS
from tests.clients.recipes import read_recipes

ROOT = Path(__file__).parents[2]
RECIPES = read_recipes((ROOT / "docs" / "clients.md").read_text("utf-8"))
LOCATION = Location("https://dns.example.net", Endpoint("dns.example.net", 5303), "192.0.2.53")
DOCUMENTED = [key for key, preset in CLIENTS.items() if not preset.recipe.endswith(".md")]
ELSEWHERE = {"update.key", "accounts.json", "secret.yaml", "Domain name", "User name", "Password"}
"""What commands of a recipe create, what Kubernetes keeps, and what is typed into a form."""


@pytest.mark.parametrize("key", CLIENTS)
def test_every_preset_has_a_recipe(key: str) -> None:
    recipe = CLIENTS[key].recipe
    assert recipe in RECIPES or (ROOT / recipe).is_file()


@pytest.mark.parametrize("key", DOCUMENTED)
def test_a_preset_prints_its_recipe(key: str) -> None:
    preset = CLIENTS[key]
    domains = ("home.example.com",) if preset.needs_names else ("example.com", "*.example.com")
    credential = Credential("KEY_NAME", "vps_...", "example.com", domains, "me@example.org", "KEY_SECRET", "{}")
    text = "".join(joined(block.text) for block in RECIPES[preset.recipe])
    for snippet in configure(preset, LOCATION, credential):
        assert snippet.file in ELSEWHERE or joined(snippet.text) in text, snippet.text


def test_the_packages_are_configured_as_in_their_readmes() -> None:
    credential = Credential("KEY_NAME", "vps_...", "example.com", ("example.com", "*.example.com"), "me@example.org")
    for preset in (preset for preset in CLIENTS.values() if preset.recipe.endswith(".md")):
        readme = (ROOT / preset.recipe).read_text("utf-8")
        for snippet in configure(preset, LOCATION, credential):
            missing = [line for line in snippet.text.splitlines() if line.rstrip(" \\") not in readme]
            assert not missing, preset.key


@pytest.mark.parametrize("key", ["terraform", "terraform-powerdns"])
def test_terraform_gets_the_source_of_its_provider(key: str) -> None:
    assert any("required_providers {" in snippet.text for snippet in CLIENTS[key].snippets)


def joined(text: str) -> str:
    """Return text with the continued lines of a shell joined."""
    return " ".join(text.replace("\\\n", " ").split()) + " "
