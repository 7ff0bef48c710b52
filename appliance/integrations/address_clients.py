"""Presets for clients that report the address of a host."""

from __future__ import annotations

from appliance.integrations.client_preset import ADDRESSES, ClientPreset, Snippet

ADDRESS_CLIENTS = (
    ClientPreset(
        "ddclient",
        "ddclient",
        "dyndns2",
        ADDRESSES,
        "ddclient",
        (
            Snippet(
                "ddclient.conf",
                """\
protocol=dyndns2
server={{ authority }}
ssl={{ "yes" if scheme == "https" else "no" }}
use=web
login=home
password={{ secret }}
{{ domains | join(",") }}
""",
            ),
            Snippet("", "ddclient -file ddclient.conf -foreground -daemon=0 -verbose\n"),
        ),
    ),
    ClientPreset(
        "inadyn",
        "inadyn, also within routers",
        "dyndns2",
        ADDRESSES,
        "inadyn",
        (
            Snippet(
                "inadyn.conf",
                """\
custom appliance {
    ddns-server = "{{ authority }}"
    ddns-path = "/nic/update?hostname=%h&myip=%i"
    ssl = {{ "true" if scheme == "https" else "false" }}
    username = "home"
    password = "{{ secret }}"
    hostname = {{ hosts }}
}
""",
            ),
            Snippet("", "inadyn -n -1 --force -f inadyn.conf\n"),
        ),
    ),
    ClientPreset(
        "fritzbox",
        "FRITZ!Box",
        "dyndns2",
        ADDRESSES,
        "FRITZ!Box",
        (
            Snippet(
                "Update URL",
                "{{ url }}/nic/update?hostname=<domain>&myip=<ipaddr>&myipv6=<ip6addr>"
                "&username=<username>&password=<pass>\n",
            ),
            Snippet("Domain name", "{{ domains[0] }}\n"),
            Snippet("User name", "home\n"),
            Snippet("Password", "{{ secret }}\n"),
        ),
    ),
    ClientPreset(
        "dyndns2",
        "another router or program that speaks dyndns2",
        "dyndns2",
        ADDRESSES,
        "Other clients of dyndns2",
        (
            Snippet(
                "",
                """\
curl -u home:{{ secret }} '{{ url }}/nic/update?hostname={{ domains | join(",") }}&myip=192.0.2.1'
""",
            ),
        ),
    ),
)
