"""The zones of a named.conf: which are imported, from which files, and why others are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.errors import InputError, InvalidValue
from appliance.imports.named_config import read_named_conf
from appliance.imports.source import Source, ZoneData


def write(folder: Path, **files: str) -> Path:
    """Write files, `__` in whose names is a slash, and return the folder."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read(file: Path, root: Path | None = None, view: str | None = None) -> tuple[Source, list[tuple[Path, str]]]:
    """Return the source, and what was loaded of it."""
    loaded: list[tuple[Path, str]] = []

    def load(path: Path, domain: str) -> ZoneData:
        loaded.append((path, domain))
        return ZoneData([])

    source = read_named_conf(file, load, root=root, view=view)
    for one in source.zones:
        one.load()
    return source, loaded


def reasons(source: Source) -> dict[str, str]:
    """Why each zone is left out."""
    return {one.where.rpartition(": ")[2]: one.text for one in source.passed_over}


def test_primary_zones_of_a_debian_host_that_was_copied(tmp_path: Path) -> None:
    write(
        tmp_path,
        etc__bind__main='include "/etc/bind/options"; include "/etc/bind/zones.d/*"; include "/etc/bind/defaults";',
        etc__bind__options='options { directory "/var/cache/bind"; };',
        etc__bind__zones_d="",
        etc__bind__defaults='zone "." { type hint; file "/usr/share/dns/root.hints"; };\n'
        'zone "localhost" { type master; file "/etc/bind/db.local"; };\n'
        'zone "127.in-addr.arpa" { type master; file "/etc/bind/db.127"; };',
    )
    (tmp_path / "etc/bind/zones_d").unlink()
    write(
        tmp_path / "etc/bind/zones.d",
        a='zone "Example.com." { type primary; file "db.example.com"; };',
        b='zone "example.net" IN { type slave; file "x"; masters { 192.0.2.1; }; }; zone "f.test" { type forward; };\n'
        'zone "raw.test" { type master; file "r"; masterfile-format raw; }; zone "nofile.test" { type master; };\n'
        'zone "ch.test" CH { type master; file "c"; }; zone "odd.test" { type odd; }; zone "none.test" { };',
    )
    write(tmp_path / "var/cache/bind", **{"db.example.com": ""})
    source, loaded = read(tmp_path / "etc/bind/main", root=tmp_path)
    assert loaded == [(tmp_path / "var/cache/bind/db.example.com", "example.com")]
    assert [one.domain for one in source.zones] == ["example.com"]
    found = reasons(source)
    assert set(found) == {
        ".", "localhost", "127.in-addr.arpa", "example.net", "f.test", "raw.test", "nofile.test", "ch.test", "odd.test",
        "none.test",
    }  # fmt: skip
    assert "--from-server" in found["example.net"]
    assert "named-compilezone" in found["raw.test"]
    assert f"{tmp_path}/etc/bind/zones.d/b, line 2: raw.test" in [one.where for one in source.passed_over]


def test_an_include_beside_the_file_that_names_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='options { directory "/nowhere"; }; include "zones";',
        zones='zone "a.test" { type master; file "/a"; };',
    )
    assert read(tmp_path / "main")[1] == [(Path("/a"), "a.test")]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('include "missing";', r"main, line 1: the included file .*missing does not exist; --root"),
        ('include "/";', r"main, line 1: the included file / does not exist; --root"),
        ('include "main";', "includes itself"),
        ("zone {", "main, line 1: the statement does not end"),
    ],
)
def test_a_configuration_that_cannot_be_read(tmp_path: Path, text: str, detail: str) -> None:
    write(tmp_path, main=text)
    with pytest.raises(InvalidValue, match=detail):
        read(tmp_path / "main")


VIEWS = """
view "inside" { match-clients { 10.0.0.0/8; }; zone "a.test" { type master; file "a.inside"; };
    zone "shared.test" { type master; file "shared"; }; };
view "outside" { match-clients { any; }; zone "a.test" { type master; file "a.outside"; };
    zone "shared.test" { in-view "inside"; }; };
"""


def test_one_view_is_imported(tmp_path: Path) -> None:
    write(tmp_path, main=VIEWS)
    source, loaded = read(tmp_path / "main")
    assert [(path.name, domain) for path, domain in loaded] == [("a.outside", "a.test"), ("shared", "shared.test")]
    assert reasons(source) == dict.fromkeys(
        ("a.test", "shared.test"), "in the view inside: the appliance serves one view, here outside"
    )
    assert [path.name for path, _ in read(tmp_path / "main", view="inside")[1]] == ["a.inside", "shared"]
    with pytest.raises(InputError, match="no view 'other'; the views are: inside, outside"):
        read(tmp_path / "main", view="other")


def test_a_view_must_be_chosen_if_none_answers_any_client(tmp_path: Path) -> None:
    write(tmp_path, main=VIEWS.replace("any;", "192.0.2.0/24;"))
    with pytest.raises(InputError, match="choose one with --view, of inside, outside"):
        read(tmp_path / "main")
    write(
        tmp_path,
        main='view "only" { match-clients { 10.0.0.0/8; }; include "zones"; };',
        zones='zone "a.test" { type master; file "a"; };',
    )
    assert read(tmp_path / "main")[1] == [(tmp_path / "a", "a.test")]


def test_changes_that_are_only_in_the_journal_are_not_lost(tmp_path: Path) -> None:
    write(tmp_path, main='zone "a.test" { type master; file "a"; };', a="", **{"a.jnl": ""})
    os.utime(tmp_path / "a.jnl", (2**31, 2**31))
    with pytest.raises(InvalidValue, match=r"rndc sync a\.test"):
        read(tmp_path / "main")
    os.utime(tmp_path / "a.jnl", (1, 1))
    assert read(tmp_path / "main")[1] == [(tmp_path / "a", "a.test")]
