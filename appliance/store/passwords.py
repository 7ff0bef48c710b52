"""Console passwords: argon2id hashes, slow to make on purpose. Tokens have no need of it: their secrets are random."""

from __future__ import annotations

import functools
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import InputError
from appliance.zones.names import refuse_controls

SHORTEST = 12
"""Characters of a password, at least."""
LONGEST = 1024
"""Characters of a password, at most: hashing costs time."""
_AT_A_TIME = 2
"""Hashes that are made at the same time: each takes 64 MiB."""

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(_AT_A_TIME)


def hash_password(password: str) -> str:
    """What is stored of a password; InputError when it is too short or too long."""
    refuse_controls(password, "password")
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters", "password")
    with _turns:
        return _hasher.hash(password.encode(errors="surrogatepass"))


def is_password(password: str, stored: str | None) -> bool:
    """Whether the hash is that of the password; without a hash it is wrong, and takes as long to be found so."""
    if len(password) > LONGEST:
        raise InputError(f"a password has {LONGEST} characters at most", "password")
    compared = stored or _hash_of_nothing()
    with _turns:
        try:
            _hasher.verify(compared, password.encode(errors="surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


@functools.cache
def _hash_of_nothing() -> str:
    with _turns:
        return _hasher.hash("no password at all")
