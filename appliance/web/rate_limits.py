"""Rate limits for tokens, addresses and accounts: token buckets in memory, bounded in number.

Processes that are forked after the limits were created share them: a limit is that of all of them together.

A bucket holds at most `burst` tokens and gains `rate` of them a second; each event takes one, or what it costs: the
bucket of a costly one may owe tokens, which it gains before the next event. An idle key has a full
bucket, exactly as an unknown key has, so the least recently used keys can be forgotten. Of a key only a digest is kept:
what a client sends, however long, decides neither the size of a bucket nor, if it is refused, that there is one.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from appliance.errors import RateLimited
from appliance.principal import Principal
from appliance.settings import ApiSettings
from appliance.web.bucket_table import BucketTable, ForkedLocks, GroupLocks, ThreadLocks
from appliance.web.password_slots import PasswordSlots, create_password_slots

MAX_KEYS = 20_000
"""Buckets of one limit in memory, 800 KB; the least recently used is dropped first."""
_DIGEST_OCTETS = 16
CODES_PER_HOUR, CODES_AT_ONCE = 1, 10
"""Wrong second-factor codes after a right password: from each network where the account was signed in before, and from
all other networks together."""
SIGN_INS_PER_ACCOUNT = 10
"""Wrong sign-ins a minute to one account from one network."""
SIGN_INS_ELSEWHERE = 100
"""Wrong sign-ins an hour to one account from all networks together where it was not signed in before."""
SIGN_INS_PER_ADDRESS = 60
"""Wrong sign-ins a minute from one network, to any account."""
LOOKUPS_PER_ACCOUNT = 30
"""Pages a minute that query nameservers or a resolver, for one account."""
WRITE_OCTETS = 4096
"""Octets of the journal that count as one change."""
TOKEN, ADDRESS = "token", "address"
"""Names of the policies that responses show."""
LOG_LINES = 120
"""Lines a minute in the log about refused requests, of each kind."""
_IPV6_PREFIX = 64
"""Length of the IPv6 prefix that counts as one client: a host may use every address of its /64."""
_IPV6_SITE, _SITE_FACTOR = 48, 16
"""Length of the IPv6 prefix that one site may have, and how many times the limit of one client it has in all.

IPv4 has no such limit: a /24 belongs to many parties.
"""
_ALONE = ThreadLocks()


class Rate:
    """A rate limit with a bucket for each key; `rate` 0 is no limit. `clock` is monotonic, in seconds. Thread-safe."""

    def __init__(
        self,
        rate: float,
        burst: int,
        clock: Callable[[], float],
        locks: GroupLocks = _ALONE,
        max_keys: int = MAX_KEYS,
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets = BucketTable(max_keys, locks)

    def __len__(self) -> int:
        """Return the number of buckets in memory."""
        return len(self._buckets)

    @property
    def per_second(self) -> float:
        """The tokens that a bucket gains a second; 0: no limit."""
        return self._rate

    def left(self, key: Hashable) -> int:
        """Return how many tokens the bucket has; change nothing."""
        return max(0, int(self._read(key)))

    def take(self, key: Hashable, cost: int = 1) -> float:
        """Take `cost` tokens; return 0 if there was one, else the seconds until the next, and keep nothing of it."""
        if not self._rate:
            return 0
        digest = _digest(key)
        with self._buckets.locked(digest):
            now = self._clock()
            held = self._held(digest, now)
            if held >= 1:
                self._keep(digest, held - cost, now)
            else:
                self._buckets.touch(digest, now)
        return 0 if held >= 1 else (1 - held) / self._rate

    def give_back(self, key: Hashable, cost: int = 1) -> None:
        """Give tokens back; do nothing for a key whose bucket was dropped."""
        digest = _digest(key)
        with self._buckets.locked(digest):
            if self._buckets.get(digest):
                now = self._clock()
                self._keep(digest, self._held(digest, now) + cost, now)

    def seconds_to_next(self, key: Hashable) -> float:
        """Return 0 if `take` would find a token, else the seconds until the next; change nothing."""
        return max(0.0, (1 - self._read(key)) / self._rate) if self._rate else 0

    def _read(self, key: Hashable) -> float:
        digest = _digest(key)
        with self._buckets.locked(digest):
            return self._held(digest, self._clock())

    def _keep(self, digest: bytes, held: float, now: float) -> None:
        """Store a bucket, or forget one that is full again."""
        if held >= self._burst:
            self._buckets.remove(digest)
        else:
            self._buckets.put(digest, held, now)

    def _held(self, digest: bytes, now: float) -> float:
        held, since = self._buckets.get(digest) or (self._burst, now)
        return min(self._burst, held + (now - since) * self._rate)


class NetworkRate:
    """A rate limit by client address: for each client, and for all clients of an IPv6 site together. Thread-safe."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float], locks: GroupLocks = _ALONE) -> None:
        self._clients = Rate(rate, burst, clock, locks)
        self._sites = Rate(rate * _SITE_FACTOR, burst * _SITE_FACTOR, clock, locks)

    def __len__(self) -> int:
        """Return the number of buckets in memory."""
        return len(self._clients) + len(self._sites)

    @property
    def per_second(self) -> float:
        """The events of a client a second; 0: no limit."""
        return self._clients.per_second

    def take(self, address: str) -> float:
        """Count an event; return 0, or the seconds until the next is allowed if there were too many."""
        taken: list[tuple[Rate, str]] = []
        for rate, network in self._limits(address):
            if seconds := rate.take(network):
                for former, of in taken:
                    former.give_back(of)
                return seconds
            taken.append((rate, network))
        return 0

    def give_back(self, address: str) -> None:
        """Uncount an event."""
        for rate, network in self._limits(address):
            rate.give_back(network)

    def seconds_to_next(self, address: str) -> float:
        """Return 0 if `take` would allow an event, else the seconds until then; change nothing."""
        return max(rate.seconds_to_next(network) for rate, network in self._limits(address))

    def _limits(self, address: str) -> Iterator[tuple[Rate, str]]:
        client, site = client_network(address), client_network(address, _IPV6_SITE)
        yield self._clients, client
        if site != client:
            yield self._sites, site


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rate limits of one application.

    They limit the requests of each token; the failed authentications of each network; wrong sign-ins of each pair of
    account and network, so that nobody can lock out others, of each network, and to each account from all networks
    where it was never signed in; wrong second-factor codes of each account; stored changes of each account and of each
    zone; lookups of each account; and how many passwords are verified at the same time.
    """

    requests: Rate
    failures: NetworkRate
    sign_ins_by_account: Rate
    sign_ins_by_address: NetworkRate
    sign_ins_elsewhere: Rate
    codes: Rate
    writes_by_account: Rate
    writes_by_zone: Rate
    log_lines: Rate
    password_slots: PasswordSlots
    lookups: Rate

    def count_lookup(self, account: Hashable) -> None:
        """Count a page that sends DNS queries for the account; raise RateLimited if there are too many."""
        _check(self.lookups.take(account), "too many lookups by this account")

    def count_write(self, principal: Principal, octets: Mapping[UUID | None, int]) -> None:
        """Count a write, by the octets of journal of each zone; raise RateLimited, and count nothing, if too many.

        A zone counts one for each 4 KiB that were begun, but at least one. Operators are exempt.
        """
        if principal.operator:
            return
        costs = {zone: max(1, -(-size // WRITE_OCTETS)) for zone, size in octets.items()}
        account, total = principal.account.uuid, sum(costs.values())
        with ExitStack() as undo:
            _check(self.writes_by_account.take(account, total), "too many changes by this account", "account")
            undo.callback(self.writes_by_account.give_back, account, total)
            for zone in filter(None, costs):
                _check(self.writes_by_zone.take(zone, costs[zone]), "too many changes of this zone", "zone")
                undo.callback(self.writes_by_zone.give_back, zone, costs[zone])
            undo.pop_all()

    def policies(self) -> Mapping[str, Rate | NetworkRate]:
        """Return the limits that responses show, by name."""
        return {
            TOKEN: self.requests,
            ADDRESS: self.failures,
            "account": self.writes_by_account,
            "zone": self.writes_by_zone,
        }

    def count_request(self, token: Hashable) -> None:
        """Count a request of the token; raise RateLimited if there are too many."""
        _check(self.requests.take(token), "too many requests with this token", TOKEN)

    def check_failures(self, address: str) -> None:
        """Raise RateLimited if the address has failed too often; to be called before its token is read."""
        seconds = self.failures.seconds_to_next(address)
        _check(seconds, "too many failed authentications", ADDRESS)

    def count_failure(self, address: str) -> None:
        """Count a failed authentication from the address."""
        self.failures.take(address)

    @contextmanager
    def sign_in(self, email: str, address: str, usual: Collection[str]) -> Iterator[Callable[[], None]]:
        """Count a sign-in and verify its password in the block; yield a function that uncounts it if it was right.

        `usual` has the addresses where the account was signed in before; those of their networks have slots of their
        own. Raise RateLimited after too many wrong passwords, or Busy if no slot is free in time: neither is counted.
        """
        network = client_network(address)
        is_known = network in map(client_network, usual)
        with ExitStack() as undo:
            _check(self.sign_ins_by_address.take(address), "too many wrong sign-ins")
            undo.callback(self.sign_ins_by_address.give_back, address)
            for rate, key in self._sign_in_limits(email.lower(), network, is_known=is_known):
                _check(rate.take(key), "too many wrong sign-ins")
                undo.callback(rate.give_back, key)
            with self.password_slots.lane(is_known=is_known).slot():
                yield undo.pop_all().close

    def _sign_in_limits(self, email: str, network: str, *, is_known: bool) -> Iterator[tuple[Rate, Hashable]]:
        yield self.sign_ins_by_account, (email, network)
        if not is_known:
            yield self.sign_ins_elsewhere, email

    def count_code(self, account: Hashable, address: str, usual: Collection[str]) -> Callable[[], None] | None:
        """Count a second-factor code before it is verified; return a function that uncounts it if the code was right.

        Return None after too many wrong codes. Each network of the `usual` addresses of the account has a count of its
        own, so that attempts from other networks do not lock the owner out.
        """
        network = client_network(address)
        key = (account, network if network in map(client_network, usual) else None)
        return None if self.codes.take(key) else functools.partial(self.codes.give_back, key)


def create_rate_limits(settings: ApiSettings, clock: Callable[[], float], processes: int = 1) -> RateLimits:
    """Return the limits that the settings define, for so many processes; `clock` is monotonic, in seconds."""
    locks = ForkedLocks() if processes > 1 else _ALONE
    return RateLimits(
        Rate(settings.token_rate, settings.token_burst, clock, locks),
        NetworkRate(settings.failure_rate, settings.failure_burst, clock, locks),
        Rate(SIGN_INS_PER_ACCOUNT / 60, SIGN_INS_PER_ACCOUNT, clock, locks),
        NetworkRate(SIGN_INS_PER_ADDRESS / 60, SIGN_INS_PER_ADDRESS, clock, locks),
        Rate(SIGN_INS_ELSEWHERE / 3600, SIGN_INS_ELSEWHERE, clock, locks),
        Rate(CODES_PER_HOUR / 3600, CODES_AT_ONCE, clock, locks),
        Rate(settings.account_write_rate, settings.account_write_burst, clock, locks),
        Rate(settings.zone_write_rate, settings.zone_write_burst, clock, locks),
        Rate(LOG_LINES / 60, LOG_LINES, clock, locks),
        create_password_slots(processes),
        Rate(LOOKUPS_PER_ACCOUNT / 60, LOOKUPS_PER_ACCOUNT, clock, locks),
    )


@functools.lru_cache(1024)
def client_network(address: str, prefix: int = _IPV6_PREFIX) -> str:
    """Return what counts as one client: the IPv4 address, also of an IPv4-mapped one, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, prefix), strict=False))


def _digest(key: Hashable) -> bytes:
    octets = key.bytes if isinstance(key, UUID) else repr(key).encode(errors="surrogatepass")
    return hashlib.blake2b(octets, digest_size=_DIGEST_OCTETS).digest()


def _check(seconds: float, reason: str, policy: str = "") -> None:
    if seconds > 0:
        raise RateLimited(reason, seconds, policy)
