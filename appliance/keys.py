"""Shared secrets: name, algorithm and value, for the control channel and for TSIG.

This module knows the text form of a key. It must not know who uses it or where it is stored.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import SettingsError

ALGORITHMS = ("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
CLOCKS_DIFFER = "the clocks differ by more than the five minutes that signed messages allow"
"""Why a correct key may be refused (RFC 8945 section 5.2.3)."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_STATEMENT = re.compile(
    r'\s*key\s+"?(?P<name>[^"\s{;]+)"?\s*\{\s*algorithm\s+"?(?P<algorithm>[^"\s;]+)"?\s*;'
    r'\s*secret\s+"?(?P<secret>[^"\s;]+)"?\s*;\s*\}\s*;\s*'
)


@dataclass(frozen=True, slots=True)
class Key:
    """A named shared secret; `secret` is base64 and not part of the repr. Raise SettingsError for invalid values."""

    name: str
    algorithm: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SettingsError(
                f"the key name {self.name!r} is not valid: use 1 to 63 letters, digits, '.', '_' and '-'"
            )
        if self.algorithm not in ALGORITHMS:
            raise SettingsError(
                f"key {self.name}: the algorithm {self.algorithm!r} must be one of {', '.join(ALGORITHMS)}"
            )
        try:
            octets = base64.b64decode(self.secret, validate=True)
        except (binascii.Error, ValueError):
            raise SettingsError(f"key {self.name}: the secret is not base64") from None
        if not octets:
            raise SettingsError(f"key {self.name}: the secret is empty")

    @property
    def octets(self) -> bytes:
        """Return the decoded secret."""
        return base64.b64decode(self.secret)

    def statement(self) -> str:
        """Return the key statement that named.conf, rndc and nsupdate accept."""
        return f'key "{self.name}" {{\n\talgorithm {self.algorithm};\n\tsecret "{self.secret}";\n}};\n'


def new_key(name: str, algorithm: str = "hmac-sha256") -> Key:
    """Return a key with 256 random bits."""
    return Key(name, algorithm, base64.b64encode(secrets.token_bytes(32)).decode("ascii"))


def read_key(path: Path) -> Key:
    """Return the key in a file that rndc-confgen, tsig-keygen or `Key.statement` wrote.

    Raise SettingsError if the file cannot be read or does not hold exactly one key statement.
    """
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
        raise SettingsError(f"key file {path}: {reason}") from None
    found = _STATEMENT.fullmatch(text)
    if found is None:
        raise SettingsError(f"key file {path}: must hold exactly one key statement")
    return Key(found["name"], found["algorithm"].lower(), found["secret"])


@dataclass(slots=True)
class KeyFile:
    """A file with one key, which is read again once it was replaced; while it is unreadable the former key is used."""

    path: Path
    _read: tuple[tuple[int, int], Key] | None = None

    def key(self) -> Key:
        """Return the present key; raise SettingsError if none could be read yet."""
        try:
            state = self.path.stat()
            signature = state.st_ino, state.st_mtime_ns
            if self._read is None or self._read[0] != signature:
                self._read = signature, read_key(self.path)
        except (OSError, SettingsError):
            if self._read is None:
                return read_key(self.path)
        return self._read[1]


def present_key(source: Key | KeyFile) -> Key:
    """Return the key, or the present key of the file."""
    return source.key() if isinstance(source, KeyFile) else source
