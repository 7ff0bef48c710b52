"""Console passwords as argon2id hashes. Tokens need no slow hash: their secrets are random."""

from __future__ import annotations

import re
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import InputError
from appliance.zones.names import refuse_control_characters

MIN_LENGTH = 12
"""Minimum number of characters of a password."""
MAX_LENGTH = 1024
"""Maximum number of characters of a password, since hashing takes time."""
MIN_GUESSES = 10**8
"""Fewest guesses for a new password: the score 3 of zxcvbn, "safely unguessable"."""
CONTEXT = ("dns", "appliance", "dns appliance", "nameserver", "console", "operator", "zone", "bind")
"""Words that somebody guesses first for this service (OWASP ASVS 5.0, 6.2.11)."""
_ESTIMATED = 72
"""Characters of a password that are estimated."""
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$536Tu0V7B61jrANLKA//eQ$Iwn8xo19ReJRUeYRPc8ipNEV9QEj0dzP+BRP3Gbm8VQ"
"""Verified where an account has no hash, so that it takes as long; it is the hash of unknown random octets."""
_MAX_CONCURRENT = 4
"""Concurrent computations of hashes: each needs 19 MiB."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The smallest parameters that the OWASP Password Storage Cheat Sheet recommends for argon2id, memory in KiB."""
_slots = threading.BoundedSemaphore(_MAX_CONCURRENT)


def hash_password(password: str, email: str) -> str:
    """Return the hash of a password of that account; raise InputError if it is too short, too long or too common."""
    refuse_control_characters(password, "password")
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InputError(
            f"a password must have {MIN_LENGTH} to {MAX_LENGTH} characters, not {len(password)}", "password"
        )
    if _guesses(password, email) < MIN_GUESSES:
        raise InputError(
            "this password is easy to guess: it is common, or consists of common words, of the email, or of a pattern. "
            "Use several unrelated words",
            "password",
        )
    return _hash(password)


def _guesses(password: str, email: str) -> int:
    """Return an estimate of the guesses that find the password: zxcvbn knows common passwords, words and patterns."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - reads its lists for 0.2 s, which only a new password needs

    parts = [email, *re.split(r"[^a-z0-9]+", email.lower())]
    estimate = zxcvbn(password[:_ESTIMATED], user_inputs=[*parts, *CONTEXT], max_length=_ESTIMATED)
    return int(estimate["guesses"])


def renew_hash(password: str, stored: str | None) -> str | None:
    """Return a new hash of a right password if the stored one has other parameters than new ones, else None."""
    return _hash(password) if stored and _hasher.check_needs_rehash(stored) else None


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


def _hash(password: str) -> str:
    with _slots:
        return _hasher.hash(password.encode(errors="surrogatepass"))
