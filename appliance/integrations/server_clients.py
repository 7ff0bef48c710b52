"""Presets for servers that get certificates for themselves."""

from __future__ import annotations

from appliance.integrations.client_preset import CHALLENGES, ClientPreset, Snippet


def _secret(key: str, value: str) -> Snippet:
    return Snippet(
        "secret.yaml",
        f"""\
apiVersion: v1
kind: Secret
metadata:
  name: dns-appliance
stringData:
  {key}: {value}
""",
    )


SERVER_CLIENTS = (
    ClientPreset(
        "traefik",
        "Traefik",
        "powerdns",
        CHALLENGES,
        "Traefik",
        (
            Snippet("traefik.env", "PDNS_API_URL={{ url }}\nPDNS_API_KEY={{ secret }}\n"),
            Snippet(
                "traefik.yaml",
                """\
certificatesResolvers:
  dns-appliance:
    acme:
      email: {{ email }}
      storage: acme.json
      dnsChallenge:
        provider: pdns
""",
            ),
        ),
    ),
    ClientPreset(
        "caddy-powerdns",
        "Caddy with the PowerDNS API",
        "powerdns",
        CHALLENGES,
        "Caddy",
        (
            Snippet(
                "Caddyfile",
                """\
tls {
    dns powerdns {
        server_url {{ url }}
        api_token {{ secret }}
    }
}
""",
            ),
        ),
    ),
    ClientPreset(
        "caddy-acme-dns",
        "Caddy with acme-dns",
        "acme_dns",
        CHALLENGES,
        "Caddy",
        (
            Snippet(
                "Caddyfile",
                """\
tls {
    dns acmedns {
        username {{ user }}
        password {{ secret }}
        subdomain {{ user }}
        server_url {{ url }}/acme-dns
    }
}
""",
            ),
        ),
    ),
    ClientPreset(
        "cert-manager-powerdns",
        "cert-manager with its webhook for PowerDNS",
        "powerdns",
        CHALLENGES,
        "cert-manager",
        (
            _secret("token", "{{ secret }}"),
            Snippet(
                "issuer.yaml",
                """\
solvers:
  - dns01:
      webhook:
        groupName: acme.zacharyseguin.ca
        solverName: pdns
        config:
          host: {{ url }}
          apiKeySecretRef: {name: dns-appliance, key: token}
          ttl: 60
""",
            ),
        ),
    ),
    ClientPreset(
        "cert-manager-acme-dns",
        "cert-manager with acme-dns",
        "acme_dns",
        CHALLENGES,
        "cert-manager",
        (
            _secret("accounts.json", """'{"{{ domains[0] }}": {{ account }}}'"""),
            Snippet(
                "issuer.yaml",
                """\
solvers:
  - dns01:
      acmeDNS:
        host: {{ url }}/acme-dns
        accountSecretRef: {name: dns-appliance, key: accounts.json}
""",
            ),
        ),
    ),
    ClientPreset(
        "cert-manager-rfc2136",
        "cert-manager with DNS UPDATE",
        "update",
        CHALLENGES,
        "cert-manager",
        (
            _secret("key", "{{ key_secret }}"),
            Snippet(
                "issuer.yaml",
                """\
solvers:
  - dns01:
      rfc2136:
        nameserver: {{ update_host }}:{{ update_port }}
        tsigKeyName: {{ key_name }}
        tsigAlgorithm: HMACSHA256
        tsigSecretSecretRef: {name: dns-appliance, key: key}
""",
            ),
        ),
    ),
)
