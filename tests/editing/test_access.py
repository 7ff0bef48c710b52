"""The zone of a name: the longest match here, for those who see it."""

from __future__ import annotations

import dns.name
import pytest

from appliance.editing import find_zone_of, find_zones_of
from appliance.errors import NotFound
from tests.workspace import Workspace


def test_the_longest_zone_that_holds_a_name_is_found(workspace: Workspace) -> None:
    parent, child = workspace.zone("example.com"), workspace.zone("sub.example.com")
    scope = workspace.owner.scope
    with workspace.store.reading():
        for name, zone in (
            ("_acme-challenge.example.com.", parent),
            ("example.com.", parent),
            ("sub.example.com.", child),
            ("a.b.sub.example.com.", child),
            ("xsub.example.com.", parent),
        ):
            assert find_zone_of(dns.name.from_text(name), scope).uuid == zone.uuid
        with pytest.raises(NotFound):
            find_zone_of(dns.name.from_text("example.net."), scope)


def test_a_zone_above_one_that_is_not_seen_is_not_meant(workspace: Workspace) -> None:
    parent, child = workspace.zone("example.com"), workspace.zone("sub.example.com")
    scopes = [principal.scope for principal in (workspace.stranger, workspace.owner)]
    with workspace.store.reading():
        with pytest.raises(NotFound):
            find_zone_of(parent.name, scopes[0])
        assert find_zone_of(child.name, scopes[1]).uuid == child.uuid


def test_the_zones_of_many_names_are_those_of_each(workspace: Workspace) -> None:
    workspace.zone("example.com"), workspace.zone("sub.example.com")
    names = {
        dns.name.from_text(name)
        for name in ("a.example.com.", "example.com.", "a.b.sub.example.com.", "*.sub.example.com.", "example.net.")
    }
    with workspace.store.reading():
        for principal in (workspace.owner, workspace.stranger):
            expected = {}
            for name in names:
                try:
                    expected[name] = find_zone_of(name, principal.scope)
                except NotFound:
                    continue
            assert find_zones_of(names, principal.scope) == expected
