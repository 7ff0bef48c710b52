"""certbot itself finds the plugin and its options."""

from __future__ import annotations

from pathlib import Path

from clients.conftest import Run


def folders(folder: Path) -> tuple[str, ...]:
    """Return the options that keep everything of certbot in one folder."""
    return tuple(f"--{name}-dir={folder / name}" for name in ("config", "work", "logs"))


def test_certbot_lists_the_plugin(run: Run, tmp_path: Path) -> None:
    shown = run("certbot", "certbot", "plugins", "--text", *folders(tmp_path))
    assert "* dns-appliance" in shown
    assert "Obtain certificates by TXT records in zones of dns-appliance." in shown
