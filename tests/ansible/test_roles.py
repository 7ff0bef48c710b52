"""The playbook read as text: every variable is specified and described, and every module comes with Ansible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_documents import rows

ROOT = Path(__file__).parents[2]
ANSIBLE = ROOT / "ansible"
ROLES = sorted(path for path in (ANSIBLE / "roles").iterdir())
INVENTORIES = sorted(path for path in (ANSIBLE / "inventory").iterdir())
TEMPLATE = "ansible.builtin.template"
COMMAND = "ansible.builtin.command"

every_role = pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
every_inventory = pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)


def read(file: Path) -> Any:  # noqa: ANN401 - YAML
    """What the file says; nothing when it is not there."""
    return yaml.safe_load(file.read_text("utf-8")) if file.exists() else None


def specified(role: Path) -> dict[str, dict[str, Any]]:
    """The options of every entry point of a role."""
    specs = read(role / "meta" / "argument_specs.yml")["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec["options"].items()}


def tasks(role: Path) -> Iterator[dict[str, Any]]:
    """Every task and handler of a role, a block and then those in it."""
    for file in (*(role / "tasks").glob("*.yml"), *(role / "handlers").glob("*.yml")):
        for task in read(file):
            inside = task.pop("block", None)
            yield task | {"block": bool(inside)} if inside else task
            yield from inside or ()


@every_role
def test_every_entry_point_and_variable_is_specified(role: Path) -> None:
    options = specified(role)
    entries = {file.stem for file in (role / "tasks").glob("*.yml")}
    assert "main" in read(role / "meta" / "argument_specs.yml")["argument_specs"].keys() & entries
    assert read(role / "defaults" / "main.yml").keys() == {
        name for name, option in options.items() if not option.get("required")
    }
    assert all(option["type"] and option["description"] for option in options.values())
    assert all(name.startswith(f"{role.name}_") for name in options)


@every_role
def test_a_default_is_what_its_specification_says(role: Path) -> None:
    defaults = read(role / "defaults" / "main.yml")
    for name, option in specified(role).items():
        if "default" in option:
            assert defaults[name] == option["default"], name


def test_every_variable_is_described() -> None:
    described = [row[0] for row in rows(ROOT / "docs" / "hosts.md", "variable")]
    assert sorted(described) == sorted(name for role in ROLES for name in specified(role))


@every_role
def test_only_modules_that_come_with_ansible_are_used(role: Path) -> None:
    for task in tasks(role):
        assert [word for word in task if word == "block" or word.startswith("ansible.builtin.")], task["name"]


@every_role
def test_every_template_is_checked_before_it_takes_its_place(role: Path) -> None:
    rendered = [task[TEMPLATE] for task in tasks(role) if TEMPLATE in task]
    assert {task["src"] for task in rendered} == {file.name for file in (role / "templates").glob("*")}
    assert all("%s" in task["validate"] for task in rendered)


@every_role
def test_what_holds_a_key_is_not_printed(role: Path) -> None:
    for task in tasks(role):
        if "nameserver_conf.stdout" in str(task) or "named-conf" in str(task):
            assert task["no_log"] is True, task["name"]


@every_role
def test_what_holds_a_key_goes_by_standard_input_alone(role: Path) -> None:
    for task in tasks(role):
        if "nameserver_conf.stdout" in str(task):
            assert "nameserver_conf.stdout" in task[COMMAND].pop("stdin"), task["name"]
            assert "nameserver_conf.stdout" not in str(task[COMMAND]), task["name"]
            assert task["vars"] == {"ansible_pipelining": True}, task["name"]


@every_role
def test_what_a_handler_has_not_done_is_left_to_the_next_play(role: Path) -> None:
    restart, note = read(role / "handlers" / "main.yml")
    assert note["listen"] == restart["name"]
    (found,) = [task for task in tasks(role) if "-newer" in str(task.get(COMMAND))]
    assert note["ansible.builtin.file"]["state"] == "touch"
    assert note["ansible.builtin.file"]["path"].strip("{ }") in str(found[COMMAND]["argv"])
    assert found["notify"] == restart["name"]
    assert found["check_mode"] is False


@every_inventory
def test_an_inventory_has_one_primary_and_what_each_machine_needs(inventory: Path) -> None:
    groups = read(inventory / "hosts.yml")["all"]["children"]
    machines = {name: machine for group in groups.values() for name, machine in group["hosts"].items()}
    assert groups.keys() == {"primary", "secondaries"}
    assert len(groups["primary"]["hosts"]) == 1
    needed = {name for role in ROLES for name, option in specified(role).items() if option.get("required")}
    assert all(needed <= machine.keys() for machine in machines.values())


@every_inventory
def test_an_inventory_sets_only_variables_that_there_are(inventory: Path) -> None:
    known = {name for role in ROLES for name in specified(role)}
    written = read(inventory / "hosts.yml")["all"]
    assert {name for name in written["vars"] if not name.startswith("ansible_")} <= known


def test_every_play_runs_roles_that_there_are() -> None:
    named = {role["role"] for play in read(ANSIBLE / "site.yml") for role in play["roles"]}
    assert named <= {role.name for role in ROLES}
