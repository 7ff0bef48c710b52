"""The disk image of all hosts: a small Debian with systemd and sshd, without the appliance; and BIND of another Debian.

Each is built once per recipe, by mmdebstrap from the package sources of this machine, and kept outside the checkout.
Packages that the playbook installs are downloaded to the package cache of the image. This module must not know the lab.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from appliance.nameserver.programs import run

SYSTEM = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "openssh-server",
    "python3",
    "python3-apt",
    "sudo",
    "systemd-sysv",
    "udev",
)
FETCHED = ("bind9", "bind9-dnsutils", "bind9-utils", "nginx-light", "python3-venv")

# Common to all hosts. What differs is written when a host is created.
FINISH = """
chroot "$1" apt-get --quiet --yes --no-install-recommends --download-only install FETCHED
chroot "$1" systemctl --quiet enable systemd-networkd.service
chroot "$1" useradd --create-home --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/admin"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/resolv.conf"
: >"$1/etc/machine-id"
"""
BIND = ("bind9", "bind9-utils")
BIND_PROGRAMS = ("named", "named-checkconf", "named-checkzone")
BUILD_SECONDS = 900.0
KEPT_SECONDS = 7 * 86400.0
# The disk is temporary, and nobody reads its documentation.
DPKG = ("force-unsafe-io", "path-exclude=/usr/share/locale/*", "path-exclude=/usr/share/man/*")


def default_folder() -> Path:
    """Return the folder of images: $CLUSTER_IMAGES, or one in the user's cache."""
    return Path(os.environ.get("CLUSTER_IMAGES") or Path.home() / ".cache" / "dns-appliance" / "cluster")


def default_suite() -> str:
    """Return the Debian suite of the hosts: $SUITE, or bookworm."""
    return os.environ.get("SUITE") or "bookworm"


def built_image(suite: str, folder: Path) -> Path:
    """Return the folder of the image of that Debian suite; build it if there is none of the present recipe.

    A build removes images that were not used for a week.
    """
    sources = package_sources(suite)
    recipe = "\n".join((*SYSTEM, *FETCHED, *DPKG, FINISH, sources, *_apt_options()))
    return _built(folder / f"{suite}-{_digest(recipe)}", lambda part: _build(suite, sources, part))


def other_suite() -> str:
    """Return the Debian suite, of the two that are supported, that is not this machine's."""
    return "trixie" if platform.freedesktop_os_release()["VERSION_CODENAME"] == "bookworm" else "bookworm"


def unpacked_bind(suite: str, folder: Path) -> Path:
    """Return a folder with BIND of that Debian suite and all that it needs, unpacked but not installed.

    It is unpacked if there is none, and kept as images are.
    """
    sources = package_sources(suite)
    recipe = "\n".join((*BIND, sources, *_apt_options()))
    words = ("--variant=extract", f"--include={','.join(BIND)}", "--dpkgopt=path-exclude=/usr/share/*")
    return _built(folder / f"bind-{suite}-{_digest(recipe)}", lambda part: _mmdebstrap(words, suite, sources, part))


def bind_programs(unpacked: Path, folder: Path) -> Path:
    """Copy BIND, as `unpacked_bind` returned it, to where every user can run it; return the folder of its programs.

    Each program is a script that starts it with its own dynamic linker and libraries.
    """
    tree, scripts = folder / "tree", folder / "bin"
    shutil.copytree(unpacked, tree, symlinks=True, ignore=shutil.ignore_patterns("dev"))
    scripts.mkdir()
    linker = next(path for pattern in ("usr/lib64/ld-*", "lib64/ld-*", "usr/lib/ld-*") for path in tree.glob(pattern))
    libraries = ":".join(str(path) for pattern in ("usr/lib/*-gnu", "lib/*-gnu") for path in tree.glob(pattern))
    for name in BIND_PROGRAMS:
        program = next(path for part in ("usr/sbin", "usr/bin") for path in tree.glob(f"{part}/{name}"))
        script = scripts / name
        script.write_text(f'#!/bin/sh\nexec {linker} --library-path {libraries} {program} "$@"\n')
        script.chmod(0o755)
    for path in (folder, tree):
        path.chmod(0o755)
    return scripts


def package_sources(suite: str) -> str:
    """Return the lines of a sources.list: those of this machine's apt, changed to that suite."""
    own = platform.freedesktop_os_release()["VERSION_CODENAME"]
    debian = ("Created-By: Packages", "Origin: Debian")  # others may use its codename
    command = ("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)", *debian)
    lines = {line for line in run(command, timeout=60).output.splitlines() if re.search(rf" {own}(-\w+)? ", line)}
    assert lines, f"apt has no package lists of Debian {own}: run apt-get update"
    return "".join(re.sub(rf" {own}(-\w+)? ", rf" {suite}\1 ", line) + "\n" for line in sorted(lines))


def _apt_options() -> list[str]:
    """Return this machine's options of apt for its sources: proxies, checks, retries."""
    dumped = run(("apt-config", "dump"), timeout=60).output.splitlines()
    return [
        line.rstrip(";") for line in dumped if re.match(r"Acquire::(Check-|https?::Proxy|Retries)", line, re.IGNORECASE)
    ]


def _digest(recipe: str) -> str:
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def _built(image: Path, build: Callable[[Path], None]) -> Path:
    """Return this folder; if it does not exist, build it beside and rename it."""
    image.parent.mkdir(parents=True, exist_ok=True)
    with image.with_name("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.exists():
            _remove_unused(image.parent)
            part = image.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            build(part)
            part.rename(image)
        os.utime(image)
    return image


def _remove_unused(folder: Path) -> None:
    for image in folder.iterdir():
        if image.is_dir() and image.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(image)


def _build(suite: str, sources: str, part: Path) -> None:
    words = (
        "--variant=minbase",
        "--skip=cleanup/apt/cache,cleanup/apt/lists",
        f"--include={','.join(SYSTEM)}",
        *(f"--dpkgopt={option}" for option in DPKG),
        f"--customize-hook={FINISH.replace('FETCHED', ' '.join(FETCHED))}",
    )
    _mmdebstrap(words, suite, sources, part)


def _mmdebstrap(words: tuple[str, ...], suite: str, sources: str, folder: Path) -> None:
    command = (
        *("unshare", "--mount"),  # so that a killed build leaves no mounts behind
        *("mmdebstrap", "--quiet", *words),
        *(f"--aptopt={option}" for option in _apt_options()),
        *(suite, str(folder), "-"),
    )
    run(command, timeout=BUILD_SECONDS, stdin=sources.encode())
