"""TSIG keys as operators have them: a key statement of BIND in a file, or `name:algorithm:secret`."""

from __future__ import annotations

from pathlib import Path

from appliance.errors import SettingsError
from appliance.keys import ALGORITHMS, Key, read_key

VARIABLE = "DNS_APPLIANCE_TSIG_KEY"
"""The environment variable that may hold a file name or a key: arguments are visible to every user of the host."""


def parse_tsig(text: str) -> Key:
    """Return the key `name:algorithm:secret`; raise SettingsError, without the secret, if it is none."""
    parts = text.strip().split(":")
    if len(parts) == 3 and parts[0].lower() in ALGORITHMS:
        parts[:2] = parts[1], parts[0]  # the order of dig and nsupdate
    if len(parts) != 3:
        raise SettingsError("a TSIG key must be name:algorithm:secret, such as transfer:hmac-sha256:c2VjcmV0")
    return Key(parts[0].lower().removesuffix("."), parts[1].lower().removesuffix("."), parts[2])


def read_tsig(path: Path) -> Key:
    """Return the key in a file, in either form; raise SettingsError if there is none."""
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
        raise SettingsError(f"key file {path}: {reason}") from None
    return read_key(path) if "{" in text else parse_tsig(text)


def find_tsig(given: str | None, environment: str | None) -> Key | None:
    """Return the key of the option or else of the environment, None without one; raise SettingsError if it is wrong.

    The option may only name a file.
    """
    if given is not None:
        if ":" in given and not Path(given).exists():
            raise SettingsError(
                f"a key in an argument is visible to every user of this host: use a file, or {VARIABLE}"
            )
        return read_tsig(Path(given))
    if not environment:
        return None
    return parse_tsig(environment) if ":" in environment else read_tsig(Path(environment))
