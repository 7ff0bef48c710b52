"""Console passwords: argon2id hashes, slow to make on purpose. Tokens have no need of it: their secrets are random."""

from __future__ import annotations

from argon2 import PasswordHasher

from appliance.errors import InputError
from appliance.zones.names import refuse_controls

SHORTEST = 12
"""Characters of a password, at least."""
LONGEST = 1024
"""Characters of a password, at most: hashing costs time."""

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """What is stored of a password; InputError when it is too short or too long."""
    refuse_controls(password, "password")
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters", "password")
    return _hasher.hash(password)
