"""A client that writes as fast as it is answered."""

from __future__ import annotations

from bench.writers import Target, address_of, write


class Busy:
    """A client whose every third change is refused."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str, str]] = []

    def change(self, domain: str, host: str, address: str) -> bool:
        """Remember the change; refuse every third one."""
        self.changes.append((domain, host, address))
        return len(self.changes) % 3 != 0


def test_a_refused_change_is_repeated_and_counted() -> None:
    client, targets = Busy(), [Target("one.example", "h1"), Target("two.example", "h1")]
    written = write(client, targets, seconds=0.05, turn=1)
    assert written.accepted + written.failed == len(client.changes)
    assert written.failed == len(client.changes) // 3
    assert client.changes[2] == client.changes[3]
    last = {domain: address for number, (domain, _, address) in enumerate(client.changes, 1) if number % 3}
    assert {target.domain: address for target, address in written.now.items()} == last


def test_addresses_differ_in_each_change_and_turn() -> None:
    assert len({address_of(turn, number) for turn in range(3) for number in range(1000)}) == 3000
    assert address_of(2, 65_793) == "102.1.1.1"
