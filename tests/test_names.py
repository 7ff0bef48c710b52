"""One word, one thing: no public class name is defined twice, but for the deliberate shapes of one thing.

A zone, say, has three: its JSON (`api/schemas.py`; tokens: `api/token_schemas.py`; changes: `api/change_schemas.py`),
its row (`store/tables.py`) and its meaning, a value.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "appliance"
SHAPES = {
    "api/schemas.py",
    "api/change_schemas.py",
    "api/dnssec_schemas.py",
    "api/history_schemas.py",
    "api/token_schemas.py",
    "store/identity_tables.py",
    "store/service_tables.py",
    "store/tables.py",
}
SAME_THING = {
    "account": "a person's account, in each layer",
    "accounts": "accounts of people, in each layer",
    "catalog": "the catalog zone: its content, its updates, its state",
    "changes": "changes of a zone's records, and their call",
    "context": "what the calls of one application, or one deployer, work with",
    "deployment": "how far a zone has come, and the page that shows it",
    "dnssec": "DNSSEC of a zone: its calls, and its command",
    "drafts": "drafts, and their rows",
    "history": "former states of zones, and their commands",
    "host": "the host that runs the primary, and its command",
    "idempotency": "first responses to repeated requests, and their rows",
    "policies": "policies of tokens, and their documents",
    "programs": "programs that are run, and their check by doctor",
    "records": "records of zones, in each layer",
    "recovery_codes": "recovery codes of a second factor, and their rows",
    "sign_in": "signing in, and its pages",
    "signing": "DNSSEC of zones, and its rows",
    "tokens": "API tokens, and their pages",
    "tsig": "signed DNS messages (RFC 8945), and what an import reads of them",
    "unknown_zones": "zones that are served and not stored, and their rows",
    "versions": "versions of zones, and their calls",
    "views": "the views of a door",
    "warnings": "warnings of a zone, and their calls",
    "zones": "zones, in each layer",
}
"""Names of several modules, and the one thing that they are about."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the path of each module below the package, and its tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text("utf-8"))


def test_a_public_class_name_is_defined_once() -> None:
    homes = defaultdict(set)
    for path, tree in modules():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(path)
    assert not {name: sorted(found) for name, found in homes.items() if len(found - SHAPES) > 1}


def test_a_module_name_is_used_for_one_thing() -> None:
    homes = defaultdict(list)
    for path, _ in modules():
        if not path.endswith("__init__.py"):
            homes[Path(path).stem].append(path)
    assert {name for name, found in homes.items() if len(found) > 1} == SAME_THING.keys()
