"""The state folder of an embedded appliance: keys are created once, configuration is written at each start."""

from __future__ import annotations

import os
import pwd
import random
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import dns.name
from dns.name import Name

from appliance.addresses import LOOPBACK, MAX_SOCKET_PATH, Endpoint
from appliance.errors import SettingsError
from appliance.files import Owner, write_atomically
from appliance.provision.bootstrap import create_catalog, create_key
from appliance.provision.servers import configuration
from appliance.settings import CONFIG_IN_STATE, STORE_IN_STATE, ZONES_IN_STATE, read_settings

DOMAIN = "appliance.test"
CATALOG = f"catalog.{DOMAIN}"
UNPRIVILEGED = "nobody"
_PORTS_BELOW_EPHEMERAL = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Paths and ports of the appliance.

    ns2 uses the port after `dns_port`; both named run as `owner`. `updates` is where DNS UPDATE is accepted, by default
    at the port after that of ns2, or None.
    """

    folder: Path
    api: Endpoint
    dns_port: int
    control_port: int
    owner: Owner
    catalog: Name = field(default_factory=lambda: dns.name.from_text(CATALOG))
    updates: Endpoint | None = None

    @property
    def config(self) -> Path:
        """The settings file, which every command with `--state` reads."""
        return self.folder / CONFIG_IN_STATE

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.folder / STORE_IN_STATE

    @property
    def zones(self) -> Path:
        """The folder of zone files and of named's journals."""
        return self.folder / ZONES_IN_STATE

    @property
    def socket(self) -> Path:
        """The socket on which the API notifies the deployer of changes."""
        return self.folder / "deployer.sock"

    @property
    def logs(self) -> Path:
        """The folder of the children's logs."""
        return self.folder / "logs"

    def key_file(self, name: str) -> Path:
        """Return the file of a key."""
        return self.folder / "keys" / f"{name}.key"

    def named_conf(self, server: str) -> Path:
        """Return the configuration file of ns1 or ns2."""
        return self.folder / server / "named.conf"


def prepare_state_folder(
    folder: Path, api: Endpoint, dns_port: int, release: tuple[int, ...], environment: Mapping[str, str]
) -> StateFolder:
    """Create what is missing in the folder, and write the configuration for that BIND release.

    Settings in the environment have priority, as in the processes that read the folder's settings.
    """
    control_port = free_port(api.port, *range(dns_port, dns_port + 3))
    state = StateFolder(folder.absolute(), api, dns_port, control_port, unprivileged_owner())
    _refuse_long_path(state)
    _create_folders(state)
    _refuse_inaccessible(state)
    for name in ("control", "transfer", "update"):
        create_key(state.key_file(name), name, 0o600)
    write_atomically(state.config, _config(state).encode(), 0o600)
    settings = read_settings(state.config, environment)
    state = replace(state, catalog=dns.name.from_text(settings.dns.catalog), updates=settings.doors.update)
    create_catalog(settings.deployer.zone_directory, state.catalog, state.owner)
    for server in ("ns1", "ns2"):
        folder = state.folder / server
        conf = configuration(settings, f"{server}.{DOMAIN}", folder, folder / "zones", release, (LOOPBACK,))
        write_atomically(state.named_conf(server), conf, 0o600, state.owner)
    return state


def unprivileged_owner() -> Owner:
    """Return the current user, or an unprivileged one if that is root."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    user = pwd.getpwnam(UNPRIVILEGED)
    return Owner(user.pw_uid, user.pw_gid)


def free_port(*reserved: int) -> int:
    """Return a random unused port of loopback, below the ephemeral range, that is none of the reserved ones."""
    while True:
        port = random.SystemRandom().choice(_PORTS_BELOW_EPHEMERAL)
        if port not in reserved and not ports_in_use(port):
            return port


def ports_in_use(*ports: int) -> list[int]:
    """Return those of the ports that are in use on loopback, for UDP or TCP."""
    return [
        port for port in ports if not all(_can_bind(port, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM))
    ]


def blocking_folder(path: Path, owner: Owner) -> Path | None:
    """Return the first folder on the path that the owner may not enter, or None."""
    for folder in (*reversed(path.parents), path):
        mode = folder.stat()
        shift = 6 if mode.st_uid == owner.uid else 3 if mode.st_gid == owner.gid else 0
        if owner.uid != 0 and not (mode.st_mode >> shift) & stat.S_IXOTH:
            return folder
    return None


def reachable_program(program: Path, folder: Path, owner: Owner) -> Path:
    """Return the program, or a copy of it in the folder if the owner cannot reach it."""
    program = program.resolve()
    if blocking_folder(program.parent, owner) is None:
        return program
    copy = folder / program.name
    write_atomically(copy, program.read_bytes(), 0o755)
    return copy


def create_folders(folder: Path) -> None:
    """Create the state folder and those above it that are missing, open to the user of named whatever the umask."""
    for missing in [one for one in (*reversed(folder.parents), folder) if not one.exists()]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _create_folders(state: StateFolder) -> None:
    """Create the folders, closed to other users; named reaches its own ones and, by name, its logs."""
    create_folders(state.folder)
    for folder, mode in ((state.store.parent, 0o700), (state.logs, 0o711), (state.folder / "keys", 0o700)):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
    for folder in (state.zones, state.folder / "ns1", state.folder / "ns2", state.folder / "ns2" / "zones"):
        folder.mkdir(exist_ok=True)
        os.chown(folder, state.owner.uid, state.owner.gid)
        folder.chmod(0o700)


def _refuse_long_path(state: StateFolder) -> None:
    if len(os.fsencode(state.socket)) > MAX_SOCKET_PATH:
        raise SettingsError(f"the path {state.folder} is too long for a Unix socket in it; choose a shorter --state")


def _refuse_inaccessible(state: StateFolder) -> None:
    blocking = blocking_folder(state.folder, state.owner)
    if blocking:
        user = pwd.getpwuid(state.owner.uid).pw_name
        raise SettingsError(
            f"named runs as the user {user}, who cannot access {blocking}: allow it (chmod o+x {blocking}), "
            "or choose another folder with --state, such as one in /opt or /srv"
        )


def _config(state: StateFolder) -> str:
    servers = ", ".join(f'"ns{n + 1}.{DOMAIN}={LOOPBACK}:{state.dns_port + n}"' for n in range(2))
    return f"""# Written by `dns-appliance run` at each start.
[store]
path = "{state.store}"

[api]
listen = "{state.api}"
token_rate = 0
failure_rate = 0
account_write_rate = 0
zone_write_rate = 0
connections = 0

[quotas]
zones = 0
records = 0

[dns]
nameservers = [{servers}]
catalog = "{CATALOG}"
rname = "hostmaster.{DOMAIN}"

[doors]
update = "{LOOPBACK}:{state.dns_port + 2}"

[deployer]
socket = "{state.socket}"
zone_directory = "{state.zones}"
control = "{LOOPBACK}:{state.control_port}"
control_key = "{state.key_file("control")}"
transfer_key = "{state.key_file("transfer")}"
update_key = "{state.key_file("update")}"
"""
