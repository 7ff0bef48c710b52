"""The token of the command line: from the environment, or a file that nobody else may read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from appliance.errors import SettingsError

VARIABLE = "DNS_APPLIANCE_TOKEN"
_TOKEN = re.compile(r"vps_[!-~]{1,251}")
MOST_OCTETS = 4096
"""Octets of the file that are read."""


def default_token_file(environment: Mapping[str, str]) -> Path:
    """Return where the token is expected: below XDG_CONFIG_HOME, or else ~/.config."""
    folder = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(folder).expanduser() / "dns-appliance" / "token"


def find_token(file: Path | None, environment: Mapping[str, str]) -> str:
    """Return the token of the file, else of DNS_APPLIANCE_TOKEN, else of the default file.

    Raise SettingsError, which never quotes the token, if there is none, or if others may read the file.
    """
    variable = environment.get(VARIABLE)
    if file is None and variable:
        return _checked(variable, VARIABLE)
    path = file or default_token_file(environment)
    try:
        return _checked(_read(path), str(path))
    except FileNotFoundError:
        raise SettingsError(
            f"there is no token: set {VARIABLE}, or write it to {path} with mode 0600 (--token-file for another file)"
        ) from None


def _read(path: Path) -> str:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(f"token file {path} has mode {mode:04o}, so others can use the token: chmod 600 {path}")
        return file.read(MOST_OCTETS).decode(errors="replace")


def _checked(text: str, source: str) -> str:
    if not _TOKEN.fullmatch(text.strip()):
        raise SettingsError(f"{source} does not have a token: it is one line that begins with vps_")
    return text.strip()
