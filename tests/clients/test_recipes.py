"""Recipes are read from the document, and each is followed by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.recipes import DOCUMENT, Block, Reader, read_recipes

TEXT = """## Tokens

Words.

### One client

```sh
echo "$WORD" && cat example.com/file
```

### Another

```ini example.com/file
name = example.com
```
"""


def test_blocks_are_found_below_their_heading() -> None:
    assert read_recipes(TEXT) == {
        "One client": [Block("sh", "", 'echo "$WORD" && cat example.com/file\n')],
        "Another": [Block("ini", "example.com/file", "name = example.com\n")],
    }


def test_commands_run_with_the_names_of_the_reader(tmp_path: Path) -> None:
    reader = Reader(tmp_path, {"example.com": "here.example"}, [], {"WORD": "word"})
    reader.do(Block("ini", "example.com/file", "name = example.com\n"))
    assert reader.do(Block("sh", "", 'echo "$WORD" && cat example.com/file\n')) == "word\nname = here.example\n"
    with pytest.raises(AssertionError, match="exited with 3"):
        reader.do(Block("sh", "", "exit 3\n"))


def test_every_recipe_is_followed_or_only_read() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    document = DOCUMENT.read_text("utf-8")
    for heading in read_recipes(document):
        section = document.partition(f" {heading}\n")[2]
        assert f'"{heading}"' in tests or "not run" in section.partition("\n#")[0].lower(), heading
