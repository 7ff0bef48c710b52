"""What the cases use of either system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.addresses import Endpoint

HOST = "www"
"""The owner that every filled zone has, if it has any records."""
FIRST_ADDRESS = "198.18.0.1"


@dataclass(frozen=True, slots=True)
class Content:
    """A zone to fill in, with that many A records: `www`, then `h1`, `h2` and so on."""

    domain: str
    records: int

    def hosts(self) -> Iterable[tuple[str, str]]:
        """Yield owner, relative to the zone, and address of each record."""
        for number in range(self.records):
            yield (
                (f"h{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
                if number
                else (
                    HOST,
                    FIRST_ADDRESS,
                )
            )

    def zone_file(self) -> str:
        """Return the zone as a file that both systems import."""
        soa = f"$ORIGIN {self.domain}.\n$TTL 300\n@ IN SOA localhost. hostmaster.{self.domain}. 1 3600 600 604800 300\n"
        return soa + "".join(f"{owner} IN A {address}\n" for owner, address in self.hosts())


class Client(Protocol):
    """One HTTP client with a kept connection."""

    def prepare(self, domain: str, hosts: Sequence[str]) -> None:
        """Look up what a change of the addresses of these hosts needs, outside any measurement."""
        ...

    def change(self, domain: str, host: str, address: str) -> bool:
        """Change the only address of a host; return whether the change was accepted."""
        ...

    def create_hosts(self, domain: str, hosts: Iterable[tuple[str, str]]) -> None:
        """Create an A record for each of these hosts, in one request."""
        ...

    def create_zone(self, domain: str) -> None:
        """Create a zone without records."""
        ...

    def import_zone(self, content: Content) -> None:
        """Create a zone from a zone file."""
        ...

    def list_zones(self) -> int:
        """List zones as a page of 100 of them needs it, and return how many there are."""
        ...

    def replicate(self, domain: str, *, is_new: bool = False) -> None:
        """Do what the operator of the system does so that ns2 serves the change at once."""
        ...


class Access(Protocol):
    """How a client reaches the system; it can be sent to another process."""

    def open(self) -> Client:
        """Return a new client."""
        ...


class System(Protocol):
    """A primary and a secondary nameserver on loopback, changed over HTTP."""

    @property
    def name(self) -> str:
        """Return its name in the results."""
        ...

    @property
    def nameservers(self) -> tuple[Endpoint, Endpoint]:
        """Return where the primary and the secondary answer."""
        ...

    def start(self) -> None:
        """Start it and return when its API answers."""
        ...

    def stop(self) -> None:
        """End all of its processes."""
        ...

    def close(self) -> None:
        """End all of its processes and remove its files."""
        ...

    def fill(self, contents: Sequence[Content]) -> None:
        """Store zones straight in its database, while it is stopped."""
        ...

    def wait_until_served(self) -> None:
        """Wait until both nameservers serve every zone that is stored."""
        ...

    def access(self) -> Access:
        """Return how clients reach it."""
        ...

    def processes(self) -> Mapping[int, str]:
        """Return the name of each of its processes by its id."""
        ...
