"""Throw-away hosts with systemd, on a network of their own: what the playbook is tried on. Needs root.

    python -m tests.cluster.lab up              boot ns1 and ns2 and keep them until this command is ended
    python -m tests.cluster.lab ssh ns1 WORDS   in a second terminal: run a command on a host
    python -m tests.cluster.lab run WORDS       run a command here, in the hosts' network: ansible-playbook, dig, curl
    python -m tests.cluster.lab reboot ns2      let a host reboot
    python -m tests.cluster.lab down            end `up` from elsewhere
    python -m tests.cluster.lab image           build the disk image, and say where it is

However `up` ends, even by SIGKILL, the kernel ends the hosts with it.
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
from tests.cluster.host import Host, address_of, ssh_words
from tests.cluster.image import built_image, default_folder, default_suite
from tests.cluster.network import Network, within
from tests.cluster.playbook import environment
from tests.pair import wait_for

FOLDER = Path("/run/dns-appliance-lab")


class Lab:
    """Hosts by their names, on one network; `folder` is new and holds keys and consoles while the lab is up."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self.key = folder / "id_ed25519"
        self.network = Network(folder / "disks")
        self.hosts: dict[str, Host] = {}
        self._image = image
        self._claim: TextIO | None = None

    def __enter__(self) -> Lab:
        self.folder.mkdir(mode=0o700)  # one that is there is another's
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
        """Make further hosts, and return when all are up."""
        new = [Host(name, self.network, self.folder) for name in names]
        for host in new:
            self.hosts[host.name] = host
            host.make(self._image)
            host.boot()
        for host in new:
            host.wait_until_up()

    def remove(self, name: str) -> None:
        """Switch a host off and forget it with its disk; its name and address may be given again."""
        self.hosts.pop(name).discard()

    def keep(self) -> None:
        """Stay, and start hosts again that were let reboot, until this process is asked to end."""
        while True:
            for host in self.hosts.values():
                host.boot_again_if_it_asked()
            time.sleep(0.1)

    def _open(self) -> None:
        run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)), timeout=60)
        self.network.open()
        _keeper(self.folder).write_text(f"{self.network.pid}\n")

    def _close(self) -> None:
        with ExitStack() as stack:  # each of them, whatever becomes of the others
            if self._claim is not None:
                stack.callback(self._claim.close)
            stack.callback(wait_for, self._is_removed, f"{self.folder} is gone")
            stack.callback(self.network.close)
            for host in self.hosts.values():
                stack.callback(host.cut_power)

    def _is_removed(self) -> bool:
        shutil.rmtree(self.folder, ignore_errors=True)  # ssh removes its sockets meanwhile, which is an error here
        return not self.folder.exists()


def main() -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.lab", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where this lab keeps keys and consoles")
    parser.add_argument("--suite", default=default_suite(), help="the Debian of its hosts")
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    if asked.action in OF_A_LIVING_LAB and not _lives(asked.folder):
        parser.exit(1, f"no lab is up in {asked.folder}\n")
    if asked.action == "up" and _lives(asked.folder):
        parser.exit(1, f"a lab is up in {asked.folder}: `down` ends it\n")
    return ACTIONS[asked.action](asked)


def _up(asked: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if asked.folder.exists():
        shutil.rmtree(asked.folder)  # of one that was killed
    with Lab(asked.folder, built_image(asked.suite, default_folder())) as lab:
        lab.boot(asked.words or ("ns1", "ns2"))
        sys.stdout.write(f"up: {' '.join(f'{host.name} {host.address}' for host in lab.hosts.values())}\n")
        sys.stdout.flush()
        lab.keep()
    return 0


def _run(asked: argparse.Namespace) -> int:
    words = within(_read(_keeper(asked.folder)), *asked.words)
    os.execvpe(words[0], words, {**os.environ, **environment(asked.folder)})  # noqa: S606 - this command becomes that one


def _ssh(asked: argparse.Namespace) -> int:
    name, *command = asked.words
    asked.words = [*ssh_words(asked.folder / "id_ed25519"), f"admin@{address_of(name)}", *command]
    return _run(asked)


def _reboot(asked: argparse.Namespace) -> int:
    (name,) = asked.words
    ssh = within(_read(_keeper(asked.folder)), *ssh_words(asked.folder / "id_ed25519"), f"admin@{address_of(name)}")

    def started() -> str:
        done = run(
            (*ssh, "systemctl is-system-running --wait && stat -c %y /run/systemd"), timeout=60, accept=range(256)
        )
        return done.output if done.status == 0 else ""

    before = started()
    run((*ssh, "sudo systemctl reboot"), timeout=60, accept=(0, 255))
    wait_for(lambda: started() not in ("", before), f"{name} is back", 60)
    return 0


def _down(asked: argparse.Namespace) -> int:
    if _lives(asked.folder):
        os.kill(_read(_owner(asked.folder)), signal.SIGTERM)
        wait_for(lambda: not asked.folder.exists(), "the lab is down", 60)
    return 0


def _image(asked: argparse.Namespace) -> int:
    sys.stdout.write(f"{built_image(asked.suite, default_folder())}\n")
    return 0


def _keeper(folder: Path) -> Path:
    return folder / "keeper"


def _owner(folder: Path) -> Path:
    return folder / "owner"


def _read(file: Path) -> int:
    return int(file.read_text())


def _claim(folder: Path) -> TextIO:
    """Say that this process has a lab there, for as long as the file is open: its number alone may be another's."""
    owner = _owner(folder).open("w")
    fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    owner.write(f"{os.getpid()}\n")
    owner.flush()
    return owner


def _lives(folder: Path) -> bool:
    try:
        with _owner(folder).open() as owner:
            fcntl.flock(owner, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


OF_A_LIVING_LAB = ("run", "ssh", "reboot")
ACTIONS = {"up": _up, "run": _run, "ssh": _ssh, "reboot": _reboot, "down": _down, "image": _image}

if __name__ == "__main__":
    sys.exit(main())
