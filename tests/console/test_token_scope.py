"""What a token may write, in words."""

from __future__ import annotations

from uuid import UUID

from appliance.console.token_scope import describe_scope
from appliance.principal import Policy, TokenLimits
from appliance.store import accounts
from tests.workspace import Workspace

ZONE, OTHER = UUID(int=1), UUID(int=2)
IN_ZONE = frozenset({ZONE})
CHALLENGES = tuple(Policy(IN_ZONE, (name,), ("TXT",)) for name in ("_acme-challenge", "_acme-challenge.*"))


SCOPES: list[tuple[list[str], TokenLimits, str]] = [
    (["dns:*"], TokenLimits(), "all records in all zones"),
    (["admin:*"], TokenLimits(zones=IN_ZONE), "all records in example.com"),
    (["dns:update"], TokenLimits(zones=frozenset({OTHER})), f"all records in {OTHER}"),
    (
        ["dns:create"],
        TokenLimits(zones=IN_ZONE, record_types=("TXT",), record_names=("_acme-challenge",)),
        "TXT records of _acme-challenge in example.com",
    ),
    (
        ["dns:create"],
        TokenLimits(policies=CHALLENGES),
        "TXT records of _acme-challenge, _acme-challenge.* in example.com",
    ),
    (
        ["dns:delete"],
        TokenLimits(record_names=("a", "b", "c", "d", "e")),
        "all records of a, b, c and 2 more in all zones",
    ),
    (
        ["dns:*"],
        TokenLimits(policies=(Policy(types=("A",), write=False), Policy(IN_ZONE), *CHALLENGES)),
        "all records in example.com",
    ),
    (["dns:*"], TokenLimits(policies=(Policy(write=False),)), "nothing"),
    (["dns:list", "dns:read", "account:tokens"], TokenLimits(), "nothing"),
]


def test_the_scope_in_words(workspace: Workspace) -> None:
    for permissions, limits, text in SCOPES:
        token, _ = accounts.create_token(workspace.owner.account, "n", permissions, workspace.clock(), limits)
        assert describe_scope(token, {ZONE: "example.com"}) == text
