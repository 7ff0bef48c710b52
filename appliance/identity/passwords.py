"""Console passwords as argon2id hashes. Tokens need no slow hash: their secrets are random."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import InputError
from appliance.zones.names import refuse_control_characters

MIN_LENGTH = 12
"""Minimum number of characters of a password."""
MAX_LENGTH = 1024
"""Maximum number of characters of a password, since hashing takes time."""
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$mGlJC9tf9Jqd9nA8/XNbSQ$hrUZH8CIkOfCA7Lv2XVN8ZqObdb8S8K1fsXBpMFrE3s"
"""Verified where an account has no hash, so that it takes as long; it is the hash of unknown random octets."""
_MAX_CONCURRENT = 2
"""Concurrent computations of hashes: each needs 64 MiB."""

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(_MAX_CONCURRENT)


def hash_password(password: str) -> str:
    """Return the hash of a password; raise InputError if it is too short or too long."""
    refuse_control_characters(password, "password")
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InputError(
            f"a password must have {MIN_LENGTH} to {MAX_LENGTH} characters, not {len(password)}", "password"
        )
    with _slots:
        return _hasher.hash(password.encode(errors="surrogatepass"))


def refuse_long_password(password: str) -> None:
    """Raise InputError if the password is longer than any can be."""
    if len(password) > MAX_LENGTH:
        raise InputError(f"a password has at most {MAX_LENGTH} characters", "password")


def is_password(password: str, stored: str | None) -> bool:
    """Return whether the password matches the hash; without a hash return False after the same time."""
    refuse_long_password(password)
    with _slots:
        try:
            _hasher.verify(stored or DUMMY_HASH, password.encode(errors="surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None
