"""The recipes of docs/clients.md: the text that a reader copies is what the tests run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.keys import read_key

DOCUMENT = Path(__file__).parents[2] / "docs" / "clients.md"
LIMIT = 110.0
"""Seconds that a recipe may take; a test has 120."""
_BLOCK = re.compile(
    r"^#{2,4} (?P<heading>[^\n]+)$|^```(?P<language>\w+) ?(?P<file>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: commands if its language is sh, else the content of a file, if it names one."""

    language: str
    file: str
    text: str


def read_recipes(document: str) -> dict[str, list[Block]]:
    """Return the blocks below each heading."""
    recipes: dict[str, list[Block]] = {}
    heading = ""
    for found in _BLOCK.finditer(document):
        if found["heading"]:
            heading = found["heading"]
        else:
            recipes.setdefault(heading, []).append(Block(found["language"], found["file"], found["text"]))
    return recipes


@dataclass
class Reader:
    """Somebody who follows recipes in a folder of their own.

    `places` says what to write in place of the names that the document uses. `programs` are folders that come first on
    PATH, and `environment` is what their programs need here.
    """

    folder: Path
    places: dict[str, str]
    programs: list[Path]
    environment: Mapping[str, str] = field(default_factory=dict)

    def follow(self, heading: str) -> str:
        """Write the files of the recipe, run its commands, and return what they print; fail if one of them fails."""
        return "".join(self.do(block) for block in recipe(heading))

    def paste(self, client: str, *options: str) -> str:
        """Create the credential of a client, and do with the configuration that is printed as with a recipe."""
        words = ("--account", "me@example.org", "--zone", self.places["example.com"], "--json", *options)
        printed = json.loads(self.run(shlex.join(("dns-appliance", "integration", "create", client, *words))))
        blocks = [
            Block("text" if one["file"] else "sh", one["file"] or "", one["text"]) for one in printed["configuration"]
        ]
        return "".join(self.do(block) for block in blocks)

    def use(self, heading: str) -> str:
        """Create the token or key of that recipe, and use it from now on; return its secret."""
        secret = self.follow(heading).strip()
        if secret:
            self.places["vps_..."] = secret
            return secret
        key = read_key(self.folder / "update.key")
        self.places |= {"KEY_NAME": key.name, "KEY_SECRET": key.secret}
        return key.secret

    def adapted(self, text: str) -> str:
        """Return the text with the names of this reader in place of those of the document."""
        for written, here in self.places.items():
            text = text.replace(written, here)
        return text

    def do(self, block: Block) -> str:
        """Run a block of commands and return what they print, or write the file of another block."""
        if block.language == "sh":
            return self.run(self.adapted(block.text))
        if not block.file:
            return ""
        file = self.folder / self.adapted(block.file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_text(self.adapted(block.text))
        return ""

    def run(self, script: str) -> str:
        """Run commands of a shell in the folder; return what they print; fail if one of them fails."""
        path = os.pathsep.join([*map(str, self.programs), os.environ["PATH"], "/usr/sbin", "/sbin"])
        done = subprocess.run(
            ("/bin/sh", "-eu"),
            input=script,
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "no_proxy": "*", **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        assert done.returncode == 0, f"{script}\nexited with {done.returncode}: {done.stdout[-4000:]}"
        return done.stdout


def recipe(heading: str) -> list[Block]:
    """Return the blocks below a heading of the document."""
    return read_recipes(DOCUMENT.read_text("utf-8"))[heading]
