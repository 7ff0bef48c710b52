"""What a shared secret is: its name, algorithm and value, for the control channel and for TSIG alike.

This room knows how keys are written down. It must not know who uses them, nor where they are kept.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

ALGORITHMS = ("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
CLOCKS_DIFFER = "the clocks differ by more than the five minutes that signed messages allow"
"""Why a right key may be refused (RFC 8945 section 5.2.3)."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_STATEMENT = re.compile(
    r'\s*key\s+"?(?P<name>[^"\s{;]+)"?\s*\{\s*algorithm\s+"?(?P<algorithm>[^"\s;]+)"?\s*;'
    r'\s*secret\s+"?(?P<secret>[^"\s;]+)"?\s*;\s*\}\s*;\s*'
)


@dataclass(frozen=True, slots=True)
class Key:
    """A named shared secret; `secret` is base64 and never shown. A wrong part is a SettingsError."""

    name: str
    algorithm: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SettingsError("the name of a key holds only letters, digits, '.', '_' and '-'")
        if self.algorithm not in ALGORITHMS:
            raise SettingsError(f"key {self.name}: the algorithm must be one of {', '.join(ALGORITHMS)}")
        try:
            octets = base64.b64decode(self.secret, validate=True)
        except (binascii.Error, ValueError):
            raise SettingsError(f"key {self.name}: the secret is not base64") from None
        if not octets:
            raise SettingsError(f"key {self.name}: the secret is empty")

    @property
    def octets(self) -> bytes:
        """The secret itself."""
        return base64.b64decode(self.secret)

    def statement(self) -> str:
        """The key as named.conf, rndc and nsupdate read it."""
        return f'key "{self.name}" {{\n\talgorithm {self.algorithm};\n\tsecret "{self.secret}";\n}};\n'


def new_key(name: str, algorithm: str = "hmac-sha256") -> Key:
    """A key with 256 fresh random bits."""
    return Key(name, algorithm, base64.b64encode(secrets.token_bytes(32)).decode("ascii"))


def read_key(path: Path) -> Key:
    """The one key in a file that rndc-confgen, tsig-keygen or `Key.statement` wrote; SettingsError if there is none."""
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
        raise SettingsError(f"key file {path}: {reason}") from None
    found = _STATEMENT.fullmatch(text)
    if found is None:
        raise SettingsError(f"key file {path}: holds no single key statement")
    return Key(found["name"], found["algorithm"].lower(), found["secret"])
