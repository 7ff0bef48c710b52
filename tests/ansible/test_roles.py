"""The playbook as text: every variable is specified and documented, and every module is built into Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from appliance.render.named_conf import named_conf
from tests.render.test_named_conf import SECONDARY
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
    """Return the content of a YAML file, None if it does not exist."""
    return yaml.safe_load(file.read_text("utf-8")) if file.exists() else None


def specified(role: Path) -> dict[str, dict[str, Any]]:
    """Return the options of all entry points of a role."""
    specs = read(role / "meta" / "argument_specs.yml")["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec["options"].items()}


def tasks(role: Path) -> Iterator[dict[str, Any]]:
    """Yield every task and handler of a role, including those in blocks."""
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


def test_every_variable_is_documented() -> None:
    documented = [row[0] for row in rows(ROOT / "docs" / "hosts.md", "variable")]
    assert sorted(documented) == sorted(name for role in ROLES for name in specified(role))


@pytest.mark.parametrize(
    ("settings", "listens"),
    [
        ({}, False),
        ({"doors": {}}, False),
        ({"doors": {"update": ""}}, False),
        ({"doors": {"update": "192.0.2.1:5303"}}, True),
    ],
)
def test_the_listener_for_updates_runs_where_it_has_an_address(settings: dict[str, Any], listens: bool) -> None:
    text = read(ANSIBLE / "roles" / "appliance" / "vars" / "main.yml")["appliance_services"]
    services: Any = NativeEnvironment().from_string(text).render(appliance_all_settings=settings)
    assert ("dns-appliance-updates.service" in services) == listens
    assert services[:2] == ["dns-appliance-api.service", "dns-appliance-deployer.service"]


@every_role
def test_only_built_in_modules_are_used(role: Path) -> None:
    for task in tasks(role):
        assert [word for word in task if word == "block" or word.startswith("ansible.builtin.")], task["name"]


@every_role
def test_every_template_is_validated(role: Path) -> None:
    rendered = [task[TEMPLATE] for task in tasks(role) if TEMPLATE in task]
    assert {task["src"] for task in rendered} == {file.name for file in (role / "templates").glob("*")}
    assert all("%s" in task["validate"] for task in rendered)


@every_role
def test_tasks_with_keys_are_not_logged(role: Path) -> None:
    for task in tasks(role):
        if "nameserver_conf.stdout" in str(task) or "named-conf" in str(task):
            assert task["no_log"] is True, task["name"]


def test_a_secondary_whose_catalog_was_renamed_is_restarted() -> None:
    role = ANSIBLE / "roles" / "nameserver"
    reload, record, _ = read(role / "handlers" / "main.yml")
    assert "not nameserver_renamed" in reload["ansible.builtin.systemd_service"]["state"]
    assert record["ansible.builtin.copy"]["content"] == "{{ nameserver_catalog }}"
    (pattern,) = re.findall(r"regex_findall\('(.+)'\)", read(role / "vars" / "main.yml")["nameserver_catalog"])
    assert re.findall(pattern, named_conf(SECONDARY).decode()) == ["catalog.example"]


@every_role
def test_keys_are_passed_only_by_standard_input(role: Path) -> None:
    for task in tasks(role):
        if "nameserver_conf.stdout" in str(task):
            assert "nameserver_conf.stdout" in task[COMMAND].pop("stdin"), task["name"]
            assert "nameserver_conf.stdout" not in str(task[COMMAND]), task["name"]
            assert task["vars"] == {"ansible_pipelining": True}, task["name"]


@every_role
def test_a_handler_that_did_not_run_runs_in_the_next_play(role: Path) -> None:
    restart, *_, record = read(role / "handlers" / "main.yml")
    assert record["listen"] == restart["name"]
    (found,) = [task for task in tasks(role) if "-newer" in str(task.get(COMMAND))]
    assert record["ansible.builtin.file"]["state"] == "touch"
    assert record["ansible.builtin.file"]["path"].strip("{ }") in str(found[COMMAND]["argv"])
    assert found["notify"] == restart["name"]
    assert found["check_mode"] is False


@every_inventory
def test_an_inventory_has_one_primary_and_all_required_variables(inventory: Path) -> None:
    groups = read(inventory / "hosts.yml")["all"]["children"]
    machines = {name: machine for group in groups.values() for name, machine in group["hosts"].items()}
    assert groups.keys() == {"primary", "secondaries"}
    assert len(groups["primary"]["hosts"]) == 1
    needed = {name for role in ROLES for name, option in specified(role).items() if option.get("required")}
    assert all(needed <= machine.keys() for machine in machines.values())


@every_inventory
def test_an_inventory_sets_only_existing_variables(inventory: Path) -> None:
    known = {name for role in ROLES for name in specified(role)}
    written = read(inventory / "hosts.yml")["all"]
    assert {name for name in written["vars"] if not name.startswith("ansible_")} <= known


def test_every_play_runs_existing_roles() -> None:
    named = {role["role"] for play in read(ANSIBLE / "site.yml") for role in play["roles"]}
    assert named <= {role.name for role in ROLES}
