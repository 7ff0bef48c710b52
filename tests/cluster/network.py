"""The network of a lab: a bridge for the hosts, and an uplink in user space.

One process holds a network namespace, and a mount namespace for the hosts' disks, so nothing of this machine's network
is changed. When the creator of the network ends, however it ends, that process ends too, and with it all hosts.
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
RESOLVER = "10.0.2.3"  # slirp4netns forwards queries from there to this machine's resolver
BRIDGE = "br53"
BRIDGE_MAC = "02:00:0a:35:00:fe"  # without a fixed one it has that of a host, and changes when that host is removed

DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")

# Only cgroup2 is mounted, so that hosts have the unified hierarchy, whatever this machine has. The script runs while
# its standard input is open, at most as long as its parent lives, and then kills all processes in the cgroup.
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

# Debian's named queries the root nameservers at once; only other traffic is counted.
BLOCK_UPLINK = f"""
add rule ip lab out oifname tap0 ip daddr != {RESOLVER} meta l4proto {{ tcp, udp }} th dport 53 reject
add rule ip lab out oifname tap0 counter reject
"""


class Network:
    """The namespaces, from `open` to `close`; `disks` is a folder in memory, `cgroup` the parent of all hosts'."""

    def __init__(self, disks: Path) -> None:
        self.disks = disks
        self.cgroup = Path(f"/sys/fs/cgroup/dns-appliance-lab-{os.getpid()}")
        self._keeper: subprocess.Popen[bytes] | None = None
        self._uplink: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that holds the namespaces."""
        assert self._keeper is not None
        return self._keeper.pid

    def open(self) -> None:
        """Create the namespaces, the bridge, and the uplink."""
        keeper = ("unshare", "--mount", "--net", "--propagation", "private", "sh", "-euc", KEEPER, "sh")
        self._keeper = subprocess.Popen(
            (*keeper, str(self.disks), str(self.cgroup)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C does not kill it before it has cleaned up
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"ready\n", "the network could not be created: see above"
        uplink = ("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", str(self.pid), "tap0")
        self._uplink = subprocess.Popen(
            (*DIES_WITH_PARENT, *uplink),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: "tap0" in self.run("ip", "route").output, "the uplink")

    def close(self) -> None:
        """Kill remaining hosts and remove the namespaces."""
        if self._uplink is not None:
            self._uplink.kill()
            self._uplink.wait()
        if self._keeper is not None:
            self._keeper.communicate(timeout=60)

    @contextmanager
    def without_uplink(self) -> Iterator[Callable[[], int]]:
        """Block the uplink while the block runs; yield a function that counts rejected connection attempts."""
        self.run("nft", BLOCK_UPLINK)
        try:
            yield self._refused
        finally:
            self.run("nft", "flush chain ip lab out")

    def _refused(self) -> int:
        (packets,) = re.findall(r"counter packets (\d+)", self.run("nft", "list chain ip lab out").output)
        return int(packets)

    def inside(self, path: Path) -> Path:
        """Return the path, from outside, of a path in the mount namespace."""
        return Path(f"/proc/{self.pid}/root") / path.relative_to("/")

    def words(self, *command: str) -> tuple[str, ...]:
        """Return the command line that runs a command in both namespaces."""
        return ("nsenter", "--target", str(self.pid), "--net", "--mount", "--", *command)

    def run(self, *command: str, timeout: float = 60.0) -> Finished:
        """Run a command in both namespaces."""
        return run(self.words(*command), timeout=timeout)


def within(keeper: int, *command: str) -> tuple[str, ...]:
    """Return the command line that runs a command in the network namespace of that process only."""
    return ("nsenter", "--target", str(keeper), "--net", "--", *command)


@contextmanager
def entered(keeper: int) -> Iterator[None]:
    """Move this thread, and processes that it starts, to the network namespace of that process."""
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
