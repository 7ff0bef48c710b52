"""Presets for clients that manage the records of a zone."""

from __future__ import annotations

from appliance.integrations.client_preset import KEY_FILE, RECORDS, SINGLE_RECORDS, ClientPreset, Snippet

_OCTODNS = """\
providers:
  files:
    class: octodns.provider.yaml.YamlProvider
    directory: ./zones
    default_ttl: 300
    enforce_order: false
  appliance:
{provider}
zones:
  {{{{ zone }}}}.:
    sources: [files]
    targets: [appliance]
"""
_OCTODNS_POWERDNS = """\
    class: octodns_powerdns.PowerDnsProvider
    scheme: {{ scheme }}
    host: {{ host }}
    port: {{ port }}
    api_key: env/TOKEN"""
_OCTODNS_BIND = """\
    class: octodns_bind.Rfc2136Provider
    host: {{ update_host }}
    port: {{ update_port }}
    key_name: {{ key_name }}
    key_secret: {{ key_secret }}
    key_algorithm: hmac-sha256"""
_OCTODNS_API = """\
providers:
  config:
    class: octodns.provider.yaml.YamlProvider
    directory: ./zones
  appliance:
    class: octodns_dns_appliance.DnsApplianceProvider
    url: {{ url }}
    token: env/DNS_APPLIANCE_TOKEN

zones:
  '*':
    sources: [config]
    targets: [appliance]
"""
_TOKEN = Snippet("", "export TOKEN={{ secret }}\n")
_API_TOKEN = Snippet("", "export DNS_APPLIANCE_TOKEN={{ secret }}\n")

RECORD_CLIENTS = (
    ClientPreset(
        "octodns-powerdns",
        "octoDNS with octodns-powerdns",
        "powerdns",
        RECORDS,
        "octoDNS with octodns-powerdns",
        (Snippet("config.yaml", _OCTODNS.format(provider=_OCTODNS_POWERDNS)), _TOKEN),
    ),
    ClientPreset(
        "octodns-bind",
        "octoDNS with octodns-bind",
        "update",
        RECORDS,
        "octoDNS with octodns-bind",
        (Snippet("config.yaml", _OCTODNS.format(provider=_OCTODNS_BIND)),),
    ),
    ClientPreset(
        "lexicon",
        "Lexicon",
        "powerdns",
        RECORDS,
        "Lexicon",
        (
            Snippet(
                "",
                "export LEXICON_POWERDNS_PDNS_SERVER={{ url }} LEXICON_POWERDNS_AUTH_TOKEN={{ secret }}\n",
            ),
        ),
    ),
    ClientPreset(
        "powerdns-cli",
        "powerdns-cli",
        "powerdns",
        RECORDS,
        "powerdns-cli",
        (Snippet("", "export POWERDNS_CLI_URL={{ url }} POWERDNS_CLI_APIKEY={{ secret }}\n"),),
    ),
    ClientPreset(
        "dnscontrol",
        "DNSControl",
        "powerdns",
        RECORDS,
        "DNSControl",
        (
            Snippet(
                "creds.json",
                """\
"appliance": {
  "TYPE": "POWERDNS",
  "apiKey": "{{ secret }}",
  "apiUrl": "{{ url }}",
  "serverName": "localhost"
}
""",
            ),
        ),
    ),
    ClientPreset(
        "terraform-powerdns",
        "Terraform with the provider pan-net/powerdns",
        "powerdns",
        RECORDS,
        "Terraform",
        (
            Snippet(
                "main.tf",
                """\
terraform {
  required_providers {
    powerdns = { source = "pan-net/powerdns" }
  }
}

provider "powerdns" {
  server_url = "{{ url }}"
  api_key    = "{{ secret }}"
}
""",
            ),
        ),
    ),
    ClientPreset(
        "external-dns",
        "external-dns with its webhook",
        "external_dns",
        RECORDS,
        "external-dns",
        (
            Snippet(
                "arguments of external-dns",
                """\
--provider=webhook
--webhook-provider-url={{ scheme }}://x:{{ secret }}@{{ authority }}/external-dns
--registry=txt
--txt-owner-id=default
""",
            ),
        ),
    ),
    ClientPreset(
        "nsupdate",
        "nsupdate",
        "update",
        RECORDS,
        "nsupdate",
        (
            KEY_FILE,
            Snippet(
                "",
                """\
nsupdate -k update.key <<END
server {{ update_host }} {{ update_port }}
update add www.{{ zone }}. 300 A 198.51.100.1
update delete old.{{ zone }}. A
send
END
""",
            ),
        ),
    ),
    ClientPreset(
        "ansible-nsupdate",
        "Ansible with community.general.nsupdate",
        "update",
        RECORDS,
        "Ansible",
        (
            Snippet(
                "play.yaml",
                """\
- hosts: localhost
  gather_facts: false
  tasks:
    - community.general.nsupdate:
        server: {{ update_address }}
        port: {{ update_port }}
        key_name: {{ key_name }}
        key_secret: {{ key_secret }}
        key_algorithm: hmac-sha256
        zone: {{ zone }}
        record: www
        type: A
        ttl: 300
        value: [198.51.100.1, 198.51.100.2]
""",
            ),
        ),
    ),
    ClientPreset(
        "octodns",
        "octoDNS with octodns-dns-appliance",
        "api",
        RECORDS,
        "clients/octodns/README.md",
        (
            Snippet("config.yaml", _OCTODNS_API),
            _API_TOKEN,
        ),
    ),
    ClientPreset(
        "terraform",
        "Terraform with the provider dnsappliance",
        "api",
        SINGLE_RECORDS,
        "clients/terraform/README.md",
        (
            Snippet(
                "main.tf",
                """\
terraform {
  required_providers {
    dnsappliance = { source = "local/dns/dnsappliance" }
  }
}

provider "dnsappliance" {
  url = "{{ url }}"
}
""",
            ),
            _API_TOKEN,
        ),
    ),
    ClientPreset(
        "ansible",
        "Ansible with the collection dns_appliance.dns",
        "api",
        RECORDS,
        "clients/ansible/README.md",
        (
            Snippet(
                "play.yml",
                """\
- hosts: localhost
  gather_facts: false
  module_defaults:
    dns_appliance.dns.dns_appliance_record:
      url: {{ url }}
      token: "{% raw %}{{ lookup('env', 'DNS_APPLIANCE_TOKEN') }}{% endraw %}"
      zone: {{ zone }}
  tasks:
    - name: Addresses of the website
      dns_appliance.dns.dns_appliance_record:
        name: www
        type: A
        values: [192.0.2.1, 192.0.2.2]
        ttl: 300
""",
            ),
            _API_TOKEN,
        ),
    ),
)
