"""The token of the command line: where it is found, and which files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.client.token_file import find_token
from appliance.errors import SettingsError

TOKEN = "vps_x7KfQ2ab"


def test_an_option_overrides_the_environment_and_that_the_default_file(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    default, other = tmp_path / "dns-appliance" / "token", tmp_path / "other"
    default.parent.mkdir()
    for file, text in ((default, "vps_default\n"), (other, f"{TOKEN}\n")):
        file.write_text(text)
        file.chmod(0o600)
    assert find_token(None, environment) == "vps_default"
    assert find_token(None, {**environment, "DNS_APPLIANCE_TOKEN": "vps_variable"}) == "vps_variable"
    assert find_token(other, {**environment, "DNS_APPLIANCE_TOKEN": "vps_variable"}) == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(mode)
    with pytest.raises(SettingsError, match=f"has mode {mode:04o}.*chmod 600") as refused:
        find_token(file, {})
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("text", ["", "password", "vps_", f"{TOKEN}\n{TOKEN}", f"Bearer {TOKEN}", "vps_é"])
def test_other_contents_are_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=r"begins with vps_") as refused:
        find_token(file, {})
    assert not text or text not in str(refused.value).removeprefix(str(file)).replace("vps_", "", 1)


def test_without_a_token_the_message_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"DNS_APPLIANCE_TOKEN.*dns-appliance/token.*0600"):
        find_token(None, {"XDG_CONFIG_HOME": str(tmp_path)})
