"""Console passwords: argon2id hashes, slow to make on purpose. Tokens have no need of it: their secrets are random."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import InputError
from appliance.zones.names import refuse_control_characters

SHORTEST = 12
"""Characters of a password, at least."""
LONGEST = 1024
"""Characters of a password, at most: hashing costs time."""
HASH_OF_NOTHING = "$argon2id$v=19$m=65536,t=3,p=4$mGlJC9tf9Jqd9nA8/XNbSQ$hrUZH8CIkOfCA7Lv2XVN8ZqObdb8S8K1fsXBpMFrE3s"
"""Compared with where there is no hash: of octets that nobody has, and as slow as one of `hash_password`."""
_AT_A_TIME = 2
"""Hashes that are made at the same time: each takes 64 MiB."""

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(_AT_A_TIME)


def hash_password(password: str) -> str:
    """What is stored of a password; InputError when it is too short or too long."""
    refuse_control_characters(password, "password")
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters", "password")
    with _turns:
        return _hasher.hash(password.encode(errors="surrogatepass"))


def is_password(password: str, stored: str | None) -> bool:
    """Whether the hash is that of the password; without a hash it is wrong, and takes as long to be found so."""
    if len(password) > LONGEST:
        raise InputError(f"a password has {LONGEST} characters at most", "password")
    with _turns:
        try:
            _hasher.verify(stored or HASH_OF_NOTHING, password.encode(errors="surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None
