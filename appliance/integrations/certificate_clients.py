"""Presets for programs that get certificates."""

from __future__ import annotations

from appliance.integrations.client_preset import ACCOUNTS_FILE, CHALLENGES, KEY_FILE, ClientPreset, Snippet


def _lego(provider: str, variables: str) -> Snippet:
    return Snippet(
        "",
        f"""\
{variables}
lego --accept-tos --email {{{{ email | quoted }}}}\
{{% for domain in domains %}} --domains {{{{ domain | quoted }}}}{{% endfor %}} \\
  --dns {provider} --dns.disable-cp run
""",
    )


def _certbot(plugin: str, file: str) -> Snippet:
    return Snippet(
        "",
        f"""\
certbot certonly --non-interactive --agree-tos --email {{{{ email | quoted }}}}\
{{% for domain in domains %}} -d {{{{ domain | quoted }}}}{{% endfor %}} \\
  --authenticator {plugin} --{plugin}-credentials {file} --{plugin}-propagation-seconds 0
""",
    )


def _acme_sh(provider: str, variables: str) -> Snippet:
    return Snippet(
        "",
        f"""\
{variables}
acme.sh --issue --dns {provider} --dnssleep 1\
{{% for domain in domains %}} -d {{{{ domain | quoted }}}}{{% endfor %}}
""",
    )


CERTIFICATE_CLIENTS = (
    ClientPreset(
        "lego-powerdns",
        "lego with the PowerDNS API",
        "powerdns",
        CHALLENGES,
        "lego with the PowerDNS API",
        (_lego("pdns", "export PDNS_API_URL={{ url }} PDNS_API_KEY={{ secret }}"),),
    ),
    ClientPreset(
        "lego-httpreq",
        "lego with httpreq",
        "httpreq",
        CHALLENGES,
        "lego with httpreq",
        (
            _lego(
                "httpreq",
                "export HTTPREQ_ENDPOINT={{ url }}/httpreq HTTPREQ_USERNAME=lego HTTPREQ_PASSWORD={{ secret }}",
            ),
        ),
    ),
    ClientPreset(
        "lego-acme-dns",
        "lego with acme-dns",
        "acme_dns",
        CHALLENGES,
        "lego with acme-dns",
        (
            ACCOUNTS_FILE,
            _lego("acme-dns", "export ACME_DNS_API_BASE={{ url }}/acme-dns ACME_DNS_STORAGE_PATH=accounts.json"),
        ),
    ),
    ClientPreset(
        "lego-rfc2136",
        "lego with DNS UPDATE",
        "update",
        CHALLENGES,
        "lego with DNS UPDATE",
        (
            _lego(
                "rfc2136",
                "export RFC2136_NAMESERVER={{ update_host }}:{{ update_port }} RFC2136_TSIG_ALGORITHM=hmac-sha256.\n"
                "export RFC2136_TSIG_KEY={{ key_name }} RFC2136_TSIG_SECRET={{ key_secret }} "
                "RFC2136_SEQUENCE_INTERVAL=1",
            ),
        ),
    ),
    ClientPreset(
        "certbot-powerdns",
        "certbot with certbot-dns-powerdns",
        "powerdns",
        CHALLENGES,
        "certbot with certbot-dns-powerdns",
        (
            Snippet("powerdns.ini", "dns_powerdns_api_url = {{ url }}\ndns_powerdns_api_key = {{ secret }}\n"),
            _certbot("dns-powerdns", "powerdns.ini"),
        ),
    ),
    ClientPreset(
        "certbot-multi",
        "certbot with certbot-dns-multi and httpreq",
        "httpreq",
        CHALLENGES,
        "certbot with certbot-dns-multi",
        (
            Snippet(
                "multi.ini",
                """\
dns_multi_provider = httpreq
HTTPREQ_ENDPOINT = {{ url }}/httpreq
HTTPREQ_USERNAME = certbot
HTTPREQ_PASSWORD = {{ secret }}
""",
            ),
            _certbot("dns-multi", "multi.ini"),
        ),
    ),
    ClientPreset(
        "certbot-acme-dns",
        "certbot with certbot-dns-multi and acme-dns",
        "acme_dns",
        CHALLENGES,
        "certbot with acme-dns",
        (
            ACCOUNTS_FILE,
            Snippet(
                "multi.ini",
                """\
dns_multi_provider = acme-dns
ACME_DNS_API_BASE = {{ url }}/acme-dns
ACME_DNS_STORAGE_PATH = accounts.json
""",
            ),
            _certbot("dns-multi", "multi.ini"),
        ),
    ),
    ClientPreset(
        "certbot-rfc2136",
        "certbot with certbot-dns-rfc2136",
        "update",
        CHALLENGES,
        "certbot with certbot-dns-rfc2136",
        (
            Snippet(
                "rfc2136.ini",
                """\
dns_rfc2136_server = {{ update_address }}
dns_rfc2136_port = {{ update_port }}
dns_rfc2136_name = {{ key_name }}
dns_rfc2136_secret = {{ key_secret }}
dns_rfc2136_algorithm = HMAC-SHA256
""",
            ),
            _certbot("dns-rfc2136", "rfc2136.ini"),
        ),
    ),
    ClientPreset(
        "acme-sh-powerdns",
        "acme.sh with the PowerDNS API; also within Proxmox and OPNsense",
        "powerdns",
        CHALLENGES,
        "acme.sh",
        (_acme_sh("dns_pdns", "export PDNS_Url={{ url }} PDNS_ServerId=localhost PDNS_Token={{ secret }}"),),
    ),
    ClientPreset(
        "acme-sh-acme-dns",
        "acme.sh with acme-dns",
        "acme_dns",
        CHALLENGES,
        "acme.sh",
        (
            _acme_sh(
                "dns_acmedns",
                "export ACMEDNS_BASE_URL={{ url }}/acme-dns ACMEDNS_SUBDOMAIN={{ user }}\n"
                "export ACMEDNS_USERNAME={{ user }} ACMEDNS_PASSWORD={{ secret }}",
            ),
        ),
    ),
    ClientPreset(
        "acme-sh-nsupdate",
        "acme.sh with DNS UPDATE",
        "update",
        CHALLENGES,
        "acme.sh",
        (
            KEY_FILE,
            _acme_sh(
                "dns_nsupdate",
                "export NSUPDATE_SERVER={{ update_host }} NSUPDATE_SERVER_PORT={{ update_port }} "
                'NSUPDATE_KEY="$PWD/update.key"',
            ),
        ),
    ),
    ClientPreset(
        "certbot",
        "certbot with certbot-dns-appliance",
        "api",
        CHALLENGES,
        "certbot with certbot-dns-appliance",
        (
            Snippet("appliance.ini", "dns_appliance_url = {{ url }}\ndns_appliance_token = {{ secret }}\n"),
            Snippet(
                "",
                """\
certbot certonly --non-interactive --agree-tos --email {{ email | quoted }}\
{% for domain in domains %} -d {{ domain | quoted }}{% endfor %} \\
  --authenticator dns-appliance --dns-appliance-credentials appliance.ini
""",
            ),
        ),
    ),
)
