"""A network of the lab's own: a bridge for the hosts, and a way out that is no one else's.

It lives in a network namespace, beside a mount namespace for the hosts' disks, both kept by one process. With that
process they are gone, so nothing of this machine's network is ever changed. It ends, and the hosts with it, when the
one who made the network ends, however that may be.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.nameserver.programs import Finished, run
from tests.pair import wait_for

PREFIX = "10.53.0"
GATEWAY = f"{PREFIX}.254"
RESOLVER = "10.0.2.3"  # slirp4netns answers there with what this machine's resolver says
BRIDGE = "br53"
BRIDGE_MAC = "02:00:0a:35:00:fe"  # without one of its own it takes that of a host, and another when that host goes

ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")

# A tree of cgroup2 alone gives the hosts the unified hierarchy, whatever this machine has mounted. The script lasts
# while its standard input is open, at most as long as its starter lives, and then ends what is in the cgroup.
KEEPER = f"""
disks=$1 cgroup=$2
umount --lazy --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "$cgroup"
mkdir -p /run/systemd/nspawn "$disks"
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t tmpfs tmpfs "$disks"
ip link set lo up
ip link add {BRIDGE} address {BRIDGE_MAC} type bridge
ip addr add {GATEWAY}/24 dev {BRIDGE}
ip link set {BRIDGE} up
echo 1 >/proc/sys/net/ipv4/ip_forward
nft 'add table ip lab; add chain ip lab post {{ type nat hook postrouting priority 100; }}
     add rule ip lab post oifname tap0 masquerade
     add chain ip lab out {{ type filter hook forward priority 0; }}'
echo ready
read -r _ || true
echo 1 >"$cgroup/cgroup.kill"
until find "$cgroup" -depth -type d -exec rmdir {{}} + 2>/dev/null; do sleep 0.1; done
"""

# Debian's named asks the root nameservers as soon as it is installed. Whoever else wants out asks the resolver first.
SHUT = f"""
add rule ip lab out oifname tap0 ip daddr != {RESOLVER} meta l4proto {{ tcp, udp }} th dport 53 reject
add rule ip lab out oifname tap0 counter reject
"""


class Network:
    """The namespaces, from `open` to `close`; `disks` is a folder in memory, `cgroup` that of all hosts."""

    def __init__(self, disks: Path) -> None:
        self.disks = disks
        self.cgroup = Path(f"/sys/fs/cgroup/dns-appliance-lab-{os.getpid()}")
        self._keeper: subprocess.Popen[bytes] | None = None
        self._way_out: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that keeps the namespaces."""
        assert self._keeper is not None
        return self._keeper.pid

    def open(self) -> None:
        """Make the namespaces, the bridge, and the way out."""
        keeper = ("unshare", "--mount", "--net", "--propagation", "private", "sh", "-euc", KEEPER, "sh")
        self._keeper = subprocess.Popen(
            (*keeper, str(self.disks), str(self.cgroup)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a signal to all of a terminal is not for it: it has to tidy up
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"ready\n", "the network could not be made: see above"
        way_out = ("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", str(self.pid), "tap0")
        self._way_out = subprocess.Popen(
            (*ENDS_WITH_US, *way_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: "tap0" in self.run("ip", "route").output, "the way out")

    def close(self) -> None:
        """End what is left of the hosts, and the namespaces with all that is in them."""
        if self._way_out is not None:
            self._way_out.kill()
            self._way_out.wait()
        if self._keeper is not None:
            self._keeper.communicate(timeout=60)

    @contextmanager
    def without_way_out(self) -> Iterator[Callable[[], int]]:
        """The hosts reach nobody but each other until the block ends; tells how often something on them tried to."""
        self.run("nft", SHUT)
        try:
            yield self._refused
        finally:
            self.run("nft", "flush chain ip lab out")

    def _refused(self) -> int:
        (packets,) = re.findall(r"counter packets (\d+)", self.run("nft", "list chain ip lab out").output)
        return int(packets)

    def inside(self, path: Path) -> Path:
        """That path as the mount namespace has it, reached from outside."""
        return Path(f"/proc/{self.pid}/root") / path.relative_to("/")

    def words(self, *command: str) -> tuple[str, ...]:
        """The words that run a command in both namespaces."""
        return ("nsenter", "--target", str(self.pid), "--net", "--mount", "--", *command)

    def run(self, *command: str, timeout: float = 60.0) -> Finished:
        """Run a command in both namespaces to its end."""
        return run(self.words(*command), timeout=timeout)


def within(keeper: int, *command: str) -> tuple[str, ...]:
    """The words that run a command in the network which that process keeps, and in all other things here."""
    return ("nsenter", "--target", str(keeper), "--net", "--", *command)


@contextmanager
def entered(keeper: int) -> Iterator[None]:
    """Move this thread, and what it starts, to the network that process is in, until the block ends."""
    with Path("/proc/self/ns/net").open() as ours, Path(f"/proc/{keeper}/ns/net").open() as theirs:
        _enter(theirs.fileno())
        try:
            yield
        finally:
            _enter(ours.fileno())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns came with Python 3.12
    if libc.setns(namespace, 0):
        raise OSError(ctypes.get_errno(), "setns")
