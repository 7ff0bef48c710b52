"""All error messages of the product, as tests/messages.txt shows them."""

from __future__ import annotations

from pathlib import Path

from tests.messages import GOLDEN, ROOT, read_source, write_messages

SAMPLE = '''
import click

class WrongPort(ApplianceError):
    """A port is out of range."""

    def __init__(self, port):
        super().__init__(f"{port!r} is no port: use 1 to 65535", "port")

NAMES = "a name has 1 to 63 octets"
_MESSAGES = {"null": "null is not allowed"}

def _refuse(reason, name=None):
    raise WrongName(reason, name)

def check(text, *, is_short):
    if not text:
        _refuse("the name is empty")
    reason = "too short" if is_short else "too " + "long"
    raise WrongName(reason, "name")

def limit():
    yield Finding("name", NAMES)
    raise click.UsageError("give --port,\\nnot --ports")
'''


def test_the_golden_file_has_every_message() -> None:
    written = write_messages(read_source(ROOT / "appliance"))
    assert GOLDEN.read_text("utf-8") == written, "messages have changed: `make messages` writes tests/messages.txt"


def test_messages_are_found_wherever_they_are_written(tmp_path: Path) -> None:
    package = tmp_path / "sample"
    package.mkdir()
    (package / "module.py").write_text(SAMPLE, "utf-8")
    assert write_messages(read_source(package)).splitlines() == [
        "sample/module.py",
        "    a name has 1 to 63 octets",
        "    give --port,\\nnot --ports",
        "    null is not allowed",
        "    the name is empty",
        "    too long",
        "    too short",
        "    {port!r} is no port: use 1 to 65535",
    ]
