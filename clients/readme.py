"""The READMEs of the packages, as the tests follow them: the text that a reader copies is what runs.

A fenced block is a script if its language is sh, else a file if it has a name: ```yaml config.yaml. What is indented
is only read: it installs a package, for which the tests have a venv.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

FENCE = re.compile(r"^```(?P<language>\w+) ?(?P<file>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def follow(document: str, folder: Path, places: Mapping[str, str], shell: Callable[[str], str]) -> str:
    """Write the files of a document into the folder, run its scripts there, and return what the last one printed.

    `places` says what is written in place of other text, such as the domain. A token that a script prints is in place
    of vps_... from then on.
    """
    known, printed = dict(places), ""
    for found in FENCE.finditer(document):
        language, file, text = (adapted(each, known) for each in found.groups())
        if language == "sh":
            printed = shell(text)
            known |= {"vps_...": printed.split()[0]} if printed.startswith("vps_") else {}
        elif file:
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.touch(0o600)
            path.write_text(text)
    return printed


def adapted(text: str, places: Mapping[str, str]) -> str:
    """Return the text with these words replaced."""
    for written, here in places.items():
        text = text.replace(written, here)
    return text
