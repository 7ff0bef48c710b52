"""A preset for one client: the protocol that it speaks, the least rights that it needs, and how it is configured. Pure.

`certificate_clients`, `server_clients`, `record_clients` and `address_clients` have the presets, `presets` all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.identity.policies import PRESETS, Preset

_CHANGES = frozenset({"dns:list", "dns:create", "dns:delete"})

CHALLENGES = Preset(
    "TXT records of ACME challenges",
    _CHANGES,
    ("TXT",),
    patterns=PRESETS["certificates"].patterns,
)
"""Certificates: only what every ACME client needs."""
ADDRESSES = Preset("A and AAAA records of the given names", _CHANGES, ("A", "AAAA"), patterns=list)
"""Addresses that change, of names that must be given."""
RECORDS = Preset("all records", _CHANGES)
"""Records of a zone, in sets; neither its settings nor whole zones."""
SINGLE_RECORDS = Preset("all records, and the settings of the zone", _CHANGES | {"dns:update"})
"""The same by calls that change one record."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Text to paste: the content of a file, or commands if `file` is ""; a template of `configuration`."""

    file: str
    text: str


KEY_FILE = Snippet("update.key", 'key "{{ key_name }}" {\n\talgorithm hmac-sha256;\n\tsecret "{{ key_secret }}";\n};\n')
"""The file of a TSIG key, as nsupdate reads it."""


ACCOUNTS_FILE = Snippet("accounts.json", '{"{{ domains[0] }}": {{ account }}}\n')
"""The file of acme-dns accounts by domain, as most clients keep it."""


@dataclass(frozen=True, slots=True)
class ClientPreset:
    """What a client needs. `key` is its name on the command line, `label` that for people.

    `protocol` is a key of PROTOCOLS. `recipe` is the heading of its recipe in docs/clients.md, or the README of a
    package in clients/; it has the same text.
    """

    key: str
    label: str
    protocol: str
    purpose: Preset
    recipe: str
    snippets: tuple[Snippet, ...]

    @property
    def needs_names(self) -> bool:
        """True if the names of the records must be given."""
        return self.purpose is ADDRESSES

    @property
    def takes_names(self) -> bool:
        """True if it can be limited to names."""
        return self.purpose.patterns is not None

    @property
    def has_tsig_key(self) -> bool:
        """True if it signs with a TSIG key."""
        return self.protocol == "update"

    @property
    def has_account(self) -> bool:
        """True if its credential is an account of acme-dns, which writes a single name."""
        return self.protocol == "acme_dns"
