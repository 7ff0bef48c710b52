"""How fast a token may ask, and an address may fail: token buckets in memory, bounded in number.

A bucket holds `burst` tokens at most and gains `rate` of them a second; whoever takes one may go on. A key that has
rested has a full bucket, and that is what a key has which was never seen: so the least recently used are forgotten.
"""

from __future__ import annotations

import functools
import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from appliance.errors import Busy, RateLimited
from appliance.settings import ApiSettings

MOST_BUCKETS = 20_000
"""Keys that are remembered, about 5 MB; the least recently used is forgotten first."""
CODES_PER_HOUR, CODES_AT_ONCE = 1, 10
"""Wrong codes of a second factor, with the right password, from each place where an account was signed in, and from all
others together."""
GUESSES_PER_MINUTE = 10
"""Wrong sign-ins to one account from one address."""
STRANGERS_PER_MINUTE = 60
"""Wrong sign-ins from one address, to whichever account."""
_IPV6_SITE = 64
"""Bits of an IPv6 address that are one client's: one host has as many of the rest as it likes."""


class Rate:
    """A rate for each of many keys; `rate` 0 limits nothing. `clock` gives seconds that never go back. Thread-safe."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float], most: int = MOST_BUCKETS) -> None:
        self._rate, self._burst, self._clock, self._most = rate, burst, clock, most
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Keys that are remembered."""
        return len(self._buckets)

    def take(self, key: Hashable) -> float:
        """Take one: 0 when there was one, else the seconds until there is."""
        if not self._rate:
            return 0
        with self._lock:
            now = self._clock()
            held = self._held(key, now)
            taken = held >= 1
            self._buckets[key] = (held - taken, now)
            self._buckets.move_to_end(key)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return 0 if taken else (1 - held) / self._rate

    def give_back(self, key: Hashable) -> None:
        """Undo a taking; there is nothing to undo for a key that was forgotten."""
        with self._lock:
            if key in self._buckets:
                now = self._clock()
                self._buckets[key] = (min(self._burst, self._held(key, now) + 1), now)

    def seconds_to_next(self, key: Hashable) -> float:
        """0 while there is one to take, else the seconds until there is; takes nothing and remembers nothing."""
        if not self._rate:
            return 0
        with self._lock:
            return max(0.0, (1 - self._held(key, self._clock())) / self._rate)

    def _held(self, key: Hashable, now: float) -> float:
        held, since = self._buckets.get(key, (self._burst, now))
        return min(self._burst, held + (now - since) * self._rate)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limits of one application.

    Requests of each token, failed authentications of each address; wrong sign-ins of each account and address together,
    so that nobody locks another out, and of each address; wrong codes of each account; and how many passwords are
    compared at a time, from whatever addresses.
    """

    requests: Rate
    failures: Rate
    sign_ins: Rate
    strangers: Rate
    codes: Rate
    places: threading.BoundedSemaphore

    def take_request(self, token: Hashable) -> None:
        """Raise RateLimited when the token asks too fast."""
        _refuse_for(self.requests.take(token), "this token asks too often")

    def refuse_failing(self, address: str) -> None:
        """Raise RateLimited while the address has failed too often; its next token is not even looked at."""
        _refuse_for(self.failures.seconds_to_next(site_of(address)), "too many failed authentications")

    def note_failure(self, address: str) -> None:
        """The address brought no valid token."""
        self.failures.take(site_of(address))

    @contextmanager
    def comparing(self) -> Iterator[None]:
        """A place among those whose passwords are compared, never all threads; Busy: none is free."""
        if not self.places.acquire(blocking=False):
            raise Busy("too many sign in at this moment: try again", retry_after=1)
        try:
            yield
        finally:
            self.places.release()

    def take_guess(self, email: str, address: str) -> Callable[[], None]:
        """Count a password before it is looked at; what undoes that once it was right.

        RateLimited while the address has guessed too often.
        """
        site = site_of(address)
        undone = ExitStack()
        for rate, key in ((self.sign_ins, (email.lower(), site)), (self.strangers, site)):
            _refuse_for(rate.take(key), "too many wrong sign-ins")
            undone.callback(rate.give_back, key)
        return undone.close

    def take_code(self, account: Hashable, address: str, usual: Collection[str]) -> Callable[[], None] | None:
        """Count a code before it is looked at: None when there were too many, else what undoes that once it was right.

        Each of the usual places of the account has a count of its own: who guesses elsewhere locks nobody out there.
        """
        site = site_of(address)
        key = (account, site if site in map(site_of, usual) else None)
        return None if self.codes.take(key) else functools.partial(self.codes.give_back, key)


def new_rate_limits(settings: ApiSettings, clock: Callable[[], float]) -> RateLimits:
    """The limits that the settings name."""
    return RateLimits(
        Rate(settings.token_rate, settings.token_burst, clock),
        Rate(settings.failure_rate, settings.failure_burst, clock),
        Rate(GUESSES_PER_MINUTE / 60, GUESSES_PER_MINUTE, clock),
        Rate(STRANGERS_PER_MINUTE / 60, STRANGERS_PER_MINUTE, clock),
        Rate(CODES_PER_HOUR / 3600, CODES_AT_ONCE, clock),
        threading.BoundedSemaphore(max(1, settings.threads // 4)),
    )


def site_of(address: str) -> str:
    """What counts as one address: an IPv4 address, in whichever coat, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_SITE), strict=False))


def _refuse_for(seconds: float, reason: str) -> None:
    if seconds > 0:
        raise RateLimited(reason, seconds)
