"""A host of the lab: an overlay over the image, systemd as process 1, and an administrator with ssh."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path

from appliance.nameserver.programs import Finished, run
from tests.cluster.network import BRIDGE, DIES_WITH_PARENT, GATEWAY, PREFIX, RESOLVER, Network
from tests.pair import wait_for

BOOT_SECONDS = 180.0
WANTS_REBOOT = 133  # exit status of systemd-nspawn if the host requests a reboot
SUCCESS = (0,)
ANY_STATUS = range(256)

# Each host needs its own cgroup, empty at boot: Debian 13's systemd kills processes in cgroups left by the boot before.
# The shell becomes systemd-nspawn.
BOOT = f"""
[ ! -e "$1" ] || find "$1" -depth -type d -exec rmdir {{}} +
mkdir "$1"
echo $$ >"$1/cgroup.procs"
exec systemd-nspawn --quiet --boot --directory="$2" --machine="$3" --hostname="$3" --register=no --keep-unit \\
    --network-bridge={BRIDGE} --resolv-conf=off --timezone=off --link-journal=no --console=read-only
"""


def address_of(name: str) -> str:
    """Return the address of a host: .11 for ns1, .12 for ns2, and so on."""
    return f"{PREFIX}.{10 + int(name.removeprefix('ns'))}"


class Host:
    """A host; `folder` contains its console log and the administrator's key."""

    def __init__(self, name: str, network: Network, folder: Path) -> None:
        self.name = name
        self.address = address_of(name)
        self._network = network
        self._folder = folder
        self._cgroup = network.cgroup / name
        self._disk = network.disks / name
        self.root = self._disk / "root"
        self._process: subprocess.Popen[bytes] | None = None

    def create(self, image: Path) -> None:
        """Create its disk over the image, with its name, address and the administrator's key."""
        for part in ("upper", "work", "root"):
            (self._network.inside(self._disk) / part).mkdir(parents=True)
        layers = f"lowerdir={image},upperdir={self._disk}/upper,workdir={self._disk}/work"
        self._network.run("mount", "-t", "overlay", self.name, "-o", layers, str(self.root))
        self._write("etc/hostname", f"{self.name}\n")
        self._write("etc/hosts", f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        self._write("etc/resolv.conf", f"nameserver {RESOLVER}\n")
        self._write(
            "etc/systemd/network/10-host0.network",
            f"[Match]\nName=host0\n[Network]\nAddress={self.address}/24\nGateway={GATEWAY}\nLinkLocalAddressing=no\n",
        )
        self._write("home/admin/.ssh/authorized_keys", (self._folder / "id_ed25519.pub").read_text())
        self._network.run("chroot", str(self.root), "chown", "-R", "admin:", "/home/admin/.ssh")
        self._network.run("chroot", str(self.root), "ssh-keygen", "-A")

    def discard(self) -> None:
        """Power it off and remove its disk."""
        self.cut_power()
        self._network.run("umount", str(self.root))
        shutil.rmtree(self._network.inside(self._disk))

    def boot(self) -> None:
        """Start booting it."""
        words = self._network.words("sh", "-euc", BOOT, "sh", str(self._cgroup), str(self.root), self.name)
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                (*DIES_WITH_PARENT, *words),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    @property
    def console(self) -> Path:
        """The file of its console output."""
        return self._folder / f"{self.name}.console"

    def wait_until_up(self) -> None:
        """Wait until all units are started; fail with the names of failed units."""
        wait_for(self._answers, f"{self.name} answers ssh", BOOT_SECONDS)
        state = self.ssh(
            "systemctl is-system-running --wait || systemctl --failed --no-legend", status=ANY_STATUS
        ).output
        assert state.split() == ["running"], f"{self.name}: {state}"

    def ssh(self, command: str, *, status: Collection[int] = SUCCESS, timeout: float = 300.0) -> Finished:
        """Run a shell command as the administrator, check its exit status, and return the result."""
        return run(self._network.words(*self.ssh_command(), command), timeout=timeout, accept=status)

    def sudo(self, command: str, *, status: Collection[int] = SUCCESS, timeout: float = 300.0) -> Finished:
        """Run a shell command as root, check its exit status, and return the result."""
        return self.ssh(f"sudo sh -c {shlex.quote(command)}", status=status, timeout=timeout)

    def upload(self, file: Path) -> None:
        """Copy a local file to the administrator's home."""
        shutil.copy(file, self._network.inside(self.root) / "home" / "admin" / file.name)

    def fetch(self, path: str, folder: Path) -> Path:
        """Copy a file of the host to a local folder, and return its local path."""
        return Path(shutil.copy(self._network.inside(self.root) / path.lstrip("/"), folder))

    def ssh_command(self) -> tuple[str, ...]:
        """Return the ssh command line that precedes a command."""
        return (*ssh_command(self._folder / "id_ed25519"), f"admin@{self.address}")

    def reboot(self) -> None:
        """Reboot it cleanly and wait until it is up."""
        assert self._process is not None
        self.ssh("sudo systemctl reboot", status=ANY_STATUS)
        assert self._process.wait(BOOT_SECONDS) == WANTS_REBOOT
        self.boot()
        self.wait_until_up()

    def boot_if_reboot_requested(self) -> None:
        """Boot it again if it has requested a reboot."""
        if self._process is not None and self._process.poll() == WANTS_REBOOT:
            self.boot()

    def power_off(self) -> None:
        """Shut it down cleanly, or by force after 20 s."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)  # a second SIGTERM would kill it
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.cut_power()

    def cut_power(self) -> None:
        """Kill all its processes at once, if it is running."""
        if self._process is None or self._process.poll() is not None:
            return
        cgroup = self._network.inside(self._cgroup)
        (cgroup / "cgroup.kill").write_text("1")
        self._process.wait()
        wait_for(lambda: "populated 0" in (cgroup / "cgroup.events").read_text(), f"{self.name} is off")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} exited at boot: {self.console.read_text()[-2000:]}"
        return self.ssh("true", status=ANY_STATUS).status == 0

    def _write(self, path: str, text: str) -> None:
        file = self._network.inside(self.root) / path
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(text)


def ssh_command(key: Path) -> tuple[str, ...]:
    """Return an ssh command line that accepts any host key."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "2",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
    }
    return ("ssh", "-F", "none", "-i", str(key), *(f"-o{name}={value}" for name, value in options.items()))
