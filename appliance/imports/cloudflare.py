"""Exports of Cloudflare: zone files whose comments hold what Cloudflare itself adds to a record. Pure.

    www.example.com.  1  IN  A  192.0.2.1 ; a comment cf_tags=cf-proxied:true

A TTL of 1 means "automatic". Names without a final dot are absolute in older exports.
Source: https://developers.cloudflare.com/dns/manage-dns-records/how-to/import-and-export/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.imports.source import Note

AUTOMATIC_TTL = 300
"""Seconds; the TTL that Cloudflare serves for "automatic"."""

_DOMAIN = re.compile(r"^;;\s*Domain:\s*(\S+)", re.MULTILINE)
_MARK = re.compile(r"^;;\s*Exported:|\scf_tags=|^;;.*Cloudflare", re.MULTILINE)
_RECORD = re.compile(
    r"(?P<owner>\S+)(?P<blank>[ \t]+)(?P<ttl>[0-9]+)(?P<rest>[ \t]+(?:IN[ \t]+)?(?P<type>[A-Z0-9]+)[ \t].*)"
)
_TAGS = re.compile(r";[^\"]*\bcf_tags=(?P<tags>\S+)\s*$")
_OWN_SERVER = re.compile(r"\sNS\s+\S+\.ns\.cloudflare\.com\.?\s*(?:;.*)?$", re.IGNORECASE)


def is_cloudflare(text: str) -> bool:
    """Return whether the text is an export of Cloudflare."""
    return _DOMAIN.search(text) is not None and _MARK.search(text) is not None


def domain_of_export(text: str) -> str:
    """Return the domain that the heading of the export names, "" if it names none."""
    found = _DOMAIN.search(text)
    return found[1] if found else ""


def plain_zone_file(text: str, where: str) -> tuple[str, list[Note]]:
    """Return the export as an ordinary zone file, line by line, and notes of what Cloudflare did beyond DNS."""
    domain = domain_of_export(text).removesuffix(".")
    lines, notes = [], list[Note]()
    for number, line in enumerate(text.split("\n"), 1):
        lines.append(_plain(line, domain))
        notes += [Note(f"{where}:{number}", note) for note in _notes(line)]
    return "\n".join(lines), notes


def _plain(line: str, domain: str) -> str:
    found = _RECORD.fullmatch(line)
    if found is None:
        return line
    if _OWN_SERVER.search(line):
        return ""
    owner = found["owner"]
    if owner == domain or owner.endswith(f".{domain}"):
        owner = f"{owner}."
    ttl = AUTOMATIC_TTL if found["ttl"] == "1" else found["ttl"]
    return f"{owner}{found['blank']}{ttl}{found['rest']}"


def _notes(line: str) -> Iterator[str]:
    record = _RECORD.fullmatch(line)
    if record is None:
        return
    if _OWN_SERVER.search(line):
        yield "a nameserver of Cloudflare: left out"
    tags = _TAGS.search(line)
    name = f"{record['owner'].removesuffix('.')} {record['type']}"
    for tag in tags["tags"].split(",") if tags else ():
        if tag == "cf-proxied:true":
            yield f"{name} was proxied: Cloudflare answered its own addresses, this appliance answers the record"
        elif tag.startswith("cf-flatten-cname"):
            yield f"{name} was flattened: Cloudflare answered addresses, this appliance answers the alias"
