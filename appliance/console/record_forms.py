"""The form of each record type: the fields that its value is made of, and how they become that value and come back.

What a field may hold is decided in `appliance.zones`: here parts are only joined and parted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.zones.character_strings import parse_quoted
from appliance.zones.rdata import has_priority, parse_type

Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form: its name, its label, an example, and how it is typed in."""

    name: str
    label: str
    example: str = ""
    hint: str = ""
    is_long: bool = False
    is_number: bool = False
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RecordForm:
    """A form: the type of the record that it makes, what that is for, and the parts of its value.

    `name` is what stands in the field of the name at first.
    """

    record_type: str
    title: str
    parts: tuple[FormField, ...]
    join: Callable[[Parts], str]
    split: Callable[[str], Parts]
    name: str = ""

    @property
    def has_priority(self) -> bool:
        """True when the type has a priority beside its value."""
        return has_priority(parse_type(self.record_type))


def _whole(
    record_type: str, title: str, label: str, example: str, *, name: str = "", is_long: bool = False
) -> RecordForm:
    """A form with the value in one field."""
    part = FormField("value", label, example, is_long=is_long)
    return RecordForm(record_type, title, (part,), lambda parts: parts["value"], lambda value: {"value": value}, name)


def _words(record_type: str, title: str, *parts: FormField, name: str = "") -> RecordForm:
    """A form with a field for each word of the value; the last one takes the rest, and may be empty."""
    names = [part.name for part in parts]

    def join(given: Parts) -> str:
        return " ".join(given[one] for one in names).removesuffix(" ")

    def split(value: str) -> Parts:
        words = value.split(" ", len(names) - 1)
        return dict(zip(names, words + [""] * len(names), strict=False))

    return RecordForm(record_type, title, parts, join, split, name)


def _quoted(kind: RecordForm) -> RecordForm:
    """The form with quotes around its last field, as the value has them."""
    last = kind.parts[-1].name

    def join(given: Parts) -> str:
        text = given[last].replace("\\", "\\\\").replace('"', '\\"')
        return kind.join({**given, last: f'"{text}"'})

    def split(value: str) -> Parts:
        parts = kind.split(value)
        strings = parse_quoted(parts[last])
        return {**parts, last: b"".join(strings).decode("utf-8", "replace")}

    return RecordForm(kind.record_type, kind.title, kind.parts, join, split, kind.name)


def _number(name: str, label: str, example: str, hint: str = "") -> FormField:
    return FormField(name, label, example, hint, is_number=True)


_POLICIES = {"~all": "marked as doubtful (~all)", "-all": "refused (-all)", "?all": "left open (?all)"}


def _join_spf(given: Parts) -> str:
    words = ["v=spf1", *(mechanism for mechanism in ("mx", "a") if given[mechanism])]
    words += [f"include:{host}" for host in given["includes"].split()]
    words += [f"ip{6 if ':' in address else 4}:{address}" for address in given["addresses"].split()]
    return " ".join([*words, given["policy"] or "~all"])


def _join_dkim(given: Parts) -> str:
    key = re.sub(r"-----[A-Z ]+-----|\s", "", given["key"])
    return f"v=DKIM1; k={given['algorithm'] or 'rsa'}; p={key}"


_DIGEST = FormField("digest", "Digest", "a1b2c3 ...", "Hexadecimal digits.", is_long=True)
_CERTIFICATE = (
    _number("usage", "Usage", "3"),
    _number("selector", "Selector", "1"),
    _number("matching", "Matching type", "1"),
    FormField("digest", "Certificate data", "a1b2c3 ...", "Hexadecimal digits.", is_long=True),
)
_TAGS = {"issue": "issue", "issuewild": "issuewild", "iodef": "iodef", "issuemail": "issuemail"}
_SERVICE = (
    _number("preference", "Priority", "1", "0 makes it an alias."),
    FormField("target", "Target", ".", "The full host name; a dot alone is the name itself."),
    FormField("parameters", "Parameters", "alpn=h2,h3"),
)

KINDS: Mapping[str, RecordForm] = {
    "A": _whole("A", "IPv4 address", "IPv4 address", "192.0.2.1"),
    "AAAA": _whole("AAAA", "IPv6 address", "IPv6 address", "2001:db8::1"),
    "CNAME": _whole("CNAME", "Alias of another name", "Target", "www.example.net"),
    "MX": _whole("MX", "Mail server", "Mail server", "mail.example.net", name="@"),
    "TXT": _whole("TXT", "Text", "Text", "any text; beyond 255 octets it is cut into strings", is_long=True),
    "SPF": RecordForm(
        "TXT",
        "Who may send mail (SPF)",
        (
            FormField("mx", "The mail servers of this domain", choices={"mx": "may send", "": "may not"}),
            FormField("a", "The addresses of this domain", choices={"": "may not", "a": "may send"}),
            FormField("includes", "Domains whose senders may send too", "_spf.example.net", "Parted by blanks."),
            FormField("addresses", "Addresses and networks", "192.0.2.0/24 2001:db8::/32", "Parted by blanks."),
            FormField("policy", "Mail from elsewhere is", choices=_POLICIES),
        ),
        _join_spf,
        lambda _: {},
        "@",
    ),
    "DKIM": RecordForm(
        "TXT",
        "Key of signed mail (DKIM)",
        (
            FormField("algorithm", "Kind of key", choices={"rsa": "RSA", "ed25519": "Ed25519"}),
            FormField("key", "Public key", "MIIBIjANBgkqh...", "Lines and PEM marks may stay in.", is_long=True),
        ),
        _join_dkim,
        lambda _: {},
        "default._domainkey",
    ),
    "NS": _whole("NS", "Nameserver of a delegated name", "Nameserver", "ns1.example.net"),
    "SRV": _words(
        "SRV",
        "Host and port of a service",
        _number("weight", "Weight", "10"),
        _number("port", "Port", "5060"),
        FormField("target", "Target", "sip.example.net"),
        name="_sip._tcp",
    ),
    "CAA": _quoted(
        _words(
            "CAA",
            "Who may issue certificates",
            _number("flags", "Flags", "0"),
            FormField("tag", "Tag", choices=_TAGS),
            FormField("text", "Value", "letsencrypt.org"),
            name="@",
        )
    ),
    "PTR": _whole("PTR", "Name of an address", "Host name", "host.example.net"),
    "TLSA": _words("TLSA", "Certificate of a service", *_CERTIFICATE, name="_443._tcp"),
    "SSHFP": _words(
        "SSHFP",
        "Fingerprint of an SSH key",
        _number("algorithm", "Algorithm", "4"),
        _number("kind", "Kind of fingerprint", "2"),
        FormField("digest", "Fingerprint", "a1b2c3 ...", "Hexadecimal digits.", is_long=True),
    ),
    "DS": _words(
        "DS",
        "Key of a delegated zone",
        _number("tag", "Key tag", "12345"),
        _number("algorithm", "Algorithm", "13"),
        _number("kind", "Kind of digest", "2"),
        _DIGEST,
    ),
    "NAPTR": _whole("NAPTR", "Rewriting rule", "Value", '100 10 "U" "E2U+sip" "!^.*$!sip:help@example.net!" .'),
    "SVCB": _words("SVCB", "Service binding", *_SERVICE),
    "HTTPS": _words("HTTPS", "Service binding of a web site", *_SERVICE),
    "LOC": _whole("LOC", "Location on earth", "Location", "52 22 23 N 4 53 32 E -2m 0m 10000m 10m"),
    "URI": _quoted(
        _words(
            "URI",
            "Address of a service",
            _number("preference", "Priority", "10"),
            _number("weight", "Weight", "1"),
            FormField("address", "URI", "https://example.net/"),
            name="_http._tcp",
        )
    ),
    "SMIMEA": _words("SMIMEA", "Certificate of a mailbox", *_CERTIFICATE),
    "OPENPGPKEY": _whole("OPENPGPKEY", "OpenPGP key of a mailbox", "Key, in base64", "mQINBF ...", is_long=True),
}
"""The forms by the name under which one chooses them; SPF and DKIM help to write a TXT record."""


def form_of(record_type: str, value: str) -> RecordForm:
    """The form in which a value is changed: that of its type, or one field where its parts would not say the same."""
    kind = KINDS[record_type]
    return kind if kind.join(kind.split(value)) == value else _whole(record_type, kind.title, "Value", "")
