"""A network of the lab's own: a bridge for the hosts, and a way out that is no one else's.

It lives in a network namespace, beside a mount namespace for the hosts' disks, both kept by one process that sleeps.
With that process they are gone, so nothing of this machine's network is ever changed. Every program started here ends
with the thread that started it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.nameserver.commands import Finished, run
from tests.pair import wait_for

PREFIX = "10.53.0"
GATEWAY = f"{PREFIX}.254"
RESOLVER = "10.0.2.3"  # slirp4netns answers there with what this machine's resolver says
BRIDGE = "br53"
CGROUPS = "dns-appliance-lab"

ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")

# A tree of cgroup2 alone gives the hosts the unified hierarchy, whatever this machine has mounted.
SET_UP = f"""
umount --lazy --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mkdir -p "$1"
mount -t tmpfs tmpfs "$1"
ip link set lo up
ip link add {BRIDGE} type bridge
ip addr add {GATEWAY}/24 dev {BRIDGE}
ip link set {BRIDGE} up
echo 1 >/proc/sys/net/ipv4/ip_forward
nft 'add table ip lab; add chain ip lab post {{ type nat hook postrouting priority 100; }}
     add rule ip lab post oifname tap0 masquerade'
"""


class Network:
    """The namespaces, from `open` to `close`; `disks` is a folder in memory, `cgroup` one of cgroups."""

    def __init__(self, disks: Path) -> None:
        self.disks = disks
        self.cgroup = Path(f"/sys/fs/cgroup/{CGROUPS}-{os.getpid()}")
        self._keeper: subprocess.Popen[bytes] | None = None
        self._way_out: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that keeps the namespaces."""
        assert self._keeper is not None
        return self._keeper.pid

    def open(self) -> None:
        """Make the namespaces, the bridge, and the way out."""
        self._keeper = _start("unshare", "--mount", "--net", "--propagation", "private", "sleep", "infinity")
        wait_for(lambda: _program(self.pid) == "sleep", "the namespaces")
        self.run("sh", "-euc", SET_UP, "sh", str(self.disks))
        self._way_out = _start(
            "slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", str(self.pid), "tap0"
        )
        wait_for(lambda: "tap0" in self.run("ip", "route").output, "the way out")

    def close(self) -> None:
        """End both processes; what they held goes with them. The hosts are switched off."""
        if self._way_out is not None:
            self._remove_cgroups()
        for process in (self._way_out, self._keeper):
            if process is not None:
                process.kill()
                process.wait()

    def inside(self, path: Path) -> Path:
        """That path as the mount namespace has it, reached from outside."""
        return Path(f"/proc/{self.pid}/root") / path.relative_to("/")

    def words(self, *command: str) -> tuple[str, ...]:
        """The words that run a command in both namespaces."""
        return ("nsenter", "--target", str(self.pid), "--net", "--mount", "--", *command)

    def run(self, *command: str, timeout: float = 60.0) -> Finished:
        """Run a command in both namespaces to its end."""
        return run(self.words(*command), timeout=timeout)

    def _remove_cgroups(self) -> None:
        """Remove the empty cgroups of this lab, and of any that was killed."""
        for lab in self.inside(self.cgroup.parent).glob(f"{CGROUPS}-*"):
            for folder, _, _ in os.walk(lab, topdown=False):
                with suppress(OSError):  # it is another living lab's
                    Path(folder).rmdir()


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


def _start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (*ENDS_WITH_US, *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
