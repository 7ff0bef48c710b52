"""Temporary hosts with systemd on their own network, to test the playbook. Needs root.

    python -m tests.cluster.lab up              boot ns1 and ns2 and keep them until this command is stopped
    python -m tests.cluster.lab ssh ns1 WORDS   in another terminal: run a command on a host
    python -m tests.cluster.lab run WORDS       run a local command in the hosts' network: ansible-playbook, dig, curl
    python -m tests.cluster.lab reboot ns2      reboot a host
    python -m tests.cluster.lab down            stop `up`
    python -m tests.cluster.lab image           build the disk image, and print its path

When `up` ends, even by SIGKILL, the kernel kills the hosts.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TextIO

from appliance.nameserver.programs import run
from tests.cluster.host import Host, address_of, ssh_command
from tests.cluster.image import built_image, default_folder, default_suite
from tests.cluster.network import Network, within
from tests.cluster.playbook import environment
from tests.pair import wait_for

FOLDER = Path("/run/dns-appliance-lab")


class Lab:
    """Named hosts on one network; `folder` must not exist and contains keys and console logs while the lab is up."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self.key = folder / "id_ed25519"
        self.network = Network(folder / "disks")
        self.hosts: dict[str, Host] = {}
        self._image = image
        self._claim: TextIO | None = None

    def __enter__(self) -> Lab:
        self.folder.mkdir(mode=0o700)  # an existing folder belongs to another lab
        self._claim = _claim(self.folder)
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def boot(self, names: Iterable[str]) -> None:
        """Create and boot hosts, and wait until all are up."""
        new = [Host(name, self.network, self.folder) for name in names]
        for host in new:
            self.hosts[host.name] = host
            host.create(self._image)
            host.boot()
        for host in new:
            host.wait_until_up()

    def remove(self, name: str) -> None:
        """Power a host off and remove its disk; its name and address can be used again."""
        self.hosts.pop(name).discard()

    def keep(self) -> None:
        """Run until this process is stopped, and boot hosts that request a reboot."""
        while True:
            for host in self.hosts.values():
                host.boot_if_reboot_requested()
            time.sleep(0.1)

    def _open(self) -> None:
        run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)), timeout=60)
        self.network.open()
        _keeper(self.folder).write_text(f"{self.network.pid}\n")

    def _close(self) -> None:
        with ExitStack() as stack:  # run every step, even if others fail
            if self._claim is not None:
                stack.callback(self._claim.close)
            stack.callback(wait_for, self._is_removed, f"{self.folder} is gone")
            stack.callback(self.network.close)
            for host in self.hosts.values():
                stack.callback(host.cut_power)

    def _is_removed(self) -> bool:
        shutil.rmtree(self.folder, ignore_errors=True)  # ssh may remove its sockets meanwhile
        return not self.folder.exists()


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.lab", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder for keys and console logs")
    parser.add_argument("--suite", default=default_suite(), help="Debian suite of the hosts")
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("words", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if arguments.action in NEEDS_LAB and not _is_up(arguments.folder):
        parser.exit(1, f"no lab is up in {arguments.folder}\n")
    if arguments.action == "up" and _is_up(arguments.folder):
        parser.exit(1, f"a lab is up in {arguments.folder}; stop it with `down`\n")
    return ACTIONS[arguments.action](arguments)


def _up(arguments: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if arguments.folder.exists():
        shutil.rmtree(arguments.folder)  # left by a lab that was killed
    with Lab(arguments.folder, built_image(arguments.suite, default_folder())) as lab:
        lab.boot(arguments.words or ("ns1", "ns2"))
        sys.stdout.write(f"up: {' '.join(f'{host.name} {host.address}' for host in lab.hosts.values())}\n")
        sys.stdout.flush()
        lab.keep()
    return 0


def _run(arguments: argparse.Namespace) -> int:
    words = within(_read(_keeper(arguments.folder)), *arguments.words)
    os.execvpe(words[0], words, {**os.environ, **environment(arguments.folder)})  # noqa: S606 - replaces this process


def _ssh(arguments: argparse.Namespace) -> int:
    name, *command = arguments.words
    arguments.words = [*ssh_command(arguments.folder / "id_ed25519"), f"admin@{address_of(name)}", *command]
    return _run(arguments)


def _reboot(arguments: argparse.Namespace) -> int:
    (name,) = arguments.words
    ssh = within(
        _read(_keeper(arguments.folder)), *ssh_command(arguments.folder / "id_ed25519"), f"admin@{address_of(name)}"
    )

    def started() -> str:
        done = run(
            (*ssh, "systemctl is-system-running --wait && stat -c %y /run/systemd"), timeout=60, accept=range(256)
        )
        return done.output if done.status == 0 else ""

    before = started()
    run((*ssh, "sudo systemctl reboot"), timeout=60, accept=(0, 255))
    wait_for(lambda: started() not in ("", before), f"{name} is back", 60)
    return 0


def _down(arguments: argparse.Namespace) -> int:
    if _is_up(arguments.folder):
        os.kill(_read(_owner(arguments.folder)), signal.SIGTERM)
        wait_for(lambda: not arguments.folder.exists(), "the lab is down", 60)
    return 0


def _image(arguments: argparse.Namespace) -> int:
    sys.stdout.write(f"{built_image(arguments.suite, default_folder())}\n")
    return 0


def _keeper(folder: Path) -> Path:
    return folder / "keeper"


def _owner(folder: Path) -> Path:
    return folder / "owner"


def _read(file: Path) -> int:
    return int(file.read_text())


def _claim(folder: Path) -> TextIO:
    """Mark the lab as owned by this process while the file is open; a process id alone may be reused."""
    owner = _owner(folder).open("w")
    fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    owner.write(f"{os.getpid()}\n")
    owner.flush()
    return owner


def _is_up(folder: Path) -> bool:
    try:
        with _owner(folder).open() as owner:
            fcntl.flock(owner, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


NEEDS_LAB = ("run", "ssh", "reboot")
ACTIONS = {"up": _up, "run": _run, "ssh": _ssh, "reboot": _reboot, "down": _down, "image": _image}

if __name__ == "__main__":
    sys.exit(main())
