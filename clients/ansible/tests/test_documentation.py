"""What ansible-doc shows is what the module takes."""

from __future__ import annotations

import json

from appliance.zones.rdata import TYPES
from clients.conftest import ROOT, Run

NAME = "dns_appliance.dns.dns_appliance_record"


def test_every_option_is_documented_as_it_is(run: Run) -> None:
    shown = json.loads(run("ansible", "ansible-doc", "--json", NAME))[NAME]["doc"]["options"]
    script = (
        "import json, runpy, sys; "
        "print(json.dumps(runpy.run_path(sys.argv[1])['ARGUMENTS'], default=lambda unknown: str(unknown)))"
    )
    module = ROOT / "clients/ansible/plugins/modules/dns_appliance_record.py"
    arguments = json.loads(run("ansible", "python", "-c", script, str(module)))
    assert shown.keys() == arguments.keys()
    assert set(arguments["type"]["choices"]) == {kind.name for kind in TYPES}
    for name, given in arguments.items():
        documented = shown[name]
        assert documented["type"] == given.get("type", "str"), name
        for key in ("choices", "default", "elements"):
            assert documented.get(key) == given.get(key), (name, key)
        assert documented.get("required", False) == given.get("required", False), name
