"""The forms of the record types: their fields, and how a record's value is joined from these and split into them.

`appliance.zones` decides what a value may hold: the forms join and split, and those of SPF and DKIM check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from appliance.console.dkim import PURPOSES, join_dkim, split_dkim
from appliance.console.pasted import unwrap
from appliance.console.spf import POLICIES, join_spf, split_spf
from appliance.errors import InputError
from appliance.zones.character_strings import parse_quoted
from appliance.zones.rdata import has_priority, parse_type

FieldValues = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form: its name, label, placeholder and hint, and the kind of its input element."""

    name: str
    label: str
    placeholder: str = ""
    hint: str = ""
    is_long: bool = False
    is_number: bool = False
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RecordForm:
    """A form: the record type that it writes, its title, its fields, and the functions that join and split a value.

    `default_name` is the owner name that a new form is filled with. `join` is called with the fields of a submitted
    form, and with `name` and `zone`: the owner as submitted, and the domain of the zone.
    """

    record_type: str
    title: str
    fields: tuple[FormField, ...]
    join: Callable[[FieldValues], str]
    split: Callable[[str], FieldValues]
    default_name: str = ""

    @property
    def has_priority(self) -> bool:
        """True if the type has a priority beside its value."""
        return has_priority(parse_type(self.record_type))


def _single_field(
    record_type: str, title: str, label: str, placeholder: str, *, default_name: str = "", is_long: bool = False
) -> RecordForm:
    """Return a form with the whole value in one field."""
    field = FormField("value", label, placeholder, is_long=is_long)
    return RecordForm(
        record_type,
        title,
        (field,),
        lambda values: values["value"],
        lambda value: {"value": value},
        default_name,
    )


def _field_per_word(record_type: str, title: str, *fields: FormField, default_name: str = "") -> RecordForm:
    """Return a form with a field for each word of the value; the last field holds the rest, and may be empty."""
    names = [field.name for field in fields]

    def join(values: FieldValues) -> str:
        return " ".join(values[name] for name in names).removesuffix(" ")

    def split(value: str) -> FieldValues:
        words = value.split(" ", len(names) - 1)
        return dict(zip(names, words + [""] * len(names), strict=False))

    return RecordForm(record_type, title, fields, join, split, default_name)


def _quoted(form: RecordForm) -> RecordForm:
    """Return the form with its last field quoted in the value."""
    last = form.fields[-1].name

    def join(values: FieldValues) -> str:
        text = values[last].replace("\\", "\\\\").replace('"', '\\"')
        return form.join({**values, last: f'"{text}"'})

    def split(value: str) -> FieldValues:
        values = form.split(value)
        strings = parse_quoted(values[last])
        return {**values, last: b"".join(strings).decode("utf-8", "replace")}

    return RecordForm(form.record_type, form.title, form.fields, join, split, form.default_name)


def _unwrapped(form: RecordForm) -> RecordForm:
    """Return the form of a text, which may be given in the brackets in which programs print long texts."""

    def join(values: FieldValues) -> str:
        return (
            unwrap(values["value"], values.get("name", "@"), values.get("zone", ""), only_brackets=True)
            or values["value"]
        )

    return RecordForm(form.record_type, form.title, form.fields, join, form.split, form.default_name)


def _number(name: str, label: str, placeholder: str, hint: str = "") -> FormField:
    return FormField(name, label, placeholder, hint, is_number=True)


_DIGEST = FormField("digest", "Digest", "a1b2c3 ...", "Hexadecimal digits.", is_long=True)
_CERTIFICATE = (
    _number("usage", "Usage", "3"),
    _number("selector", "Selector", "1"),
    _number("matching", "Matching type", "1"),
    FormField("digest", "Certificate data", "a1b2c3 ...", "Hexadecimal digits.", is_long=True),
)
_TAGS = {"issue": "issue", "issuewild": "issuewild", "iodef": "iodef", "issuemail": "issuemail"}
_SERVICE = (
    _number("preference", "Priority", "1", "0 for an alias (AliasMode)."),
    FormField("target", "Target", ".", "Host name. A single dot means the name of the record itself."),
    FormField("parameters", "Parameters", "alpn=h2,h3"),
)

FORMS: Mapping[str, RecordForm] = {
    "A": _single_field("A", "IPv4 address", "IPv4 address", "192.0.2.1"),
    "AAAA": _single_field("AAAA", "IPv6 address", "IPv6 address", "2001:db8::1"),
    "CNAME": _single_field("CNAME", "Alias of another name", "Target", "www.example.net"),
    "MX": _single_field("MX", "Mail server", "Mail server", "mail.example.net", default_name="@"),
    "TXT": _unwrapped(_single_field("TXT", "Text", "Text", "v=spf1 -all", is_long=True)),
    "SPF": RecordForm(
        "TXT",
        "Allowed mail senders (SPF)",
        (
            FormField("mx", "Mail servers of this domain (MX)", choices={"mx": "Allow", "": "Do not list"}),
            FormField("a", "Addresses of this domain (A, AAAA)", choices={"": "Do not list", "a": "Allow"}),
            FormField(
                "includes", "Include", "_spf.example.net", "Domains whose SPF record also applies, separated by spaces."
            ),
            FormField("addresses", "Addresses and networks", "192.0.2.0/24 2001:db8::/32", "Separated by spaces."),
            FormField("policy", "All other senders", choices=POLICIES),
        ),
        join_spf,
        split_spf,
        "@",
    ),
    "DKIM": RecordForm(
        "TXT",
        "Key for signed mail (DKIM)",
        (
            FormField("purpose", "Purpose", choices=PURPOSES),
            FormField(
                "key",
                "Public key",
                "MIIBIjANBgkqh...",
                "RSA or Ed25519, in base64 or PEM, or the whole record as opendkim-genkey prints it.",
                is_long=True,
            ),
        ),
        join_dkim,
        split_dkim,
        "default._domainkey",
    ),
    "NS": _single_field("NS", "Delegation to a nameserver", "Nameserver", "ns1.example.net"),
    "SRV": _field_per_word(
        "SRV",
        "Host and port of a service",
        _number("weight", "Weight", "10"),
        _number("port", "Port", "5060"),
        FormField("target", "Target", "sip.example.net"),
        default_name="_sip._tcp",
    ),
    "CAA": _quoted(
        _field_per_word(
            "CAA",
            "Authorized certificate issuers",
            _number("flags", "Flags", "0"),
            FormField("tag", "Tag", choices=_TAGS),
            FormField("text", "Value", "letsencrypt.org"),
            default_name="@",
        )
    ),
    "PTR": _single_field("PTR", "Name of an address (reverse DNS)", "Host name", "host.example.net"),
    "TLSA": _field_per_word("TLSA", "TLS certificate of a service (DANE)", *_CERTIFICATE, default_name="_443._tcp"),
    "SSHFP": _field_per_word(
        "SSHFP",
        "SSH host key fingerprint",
        _number("algorithm", "Algorithm", "4"),
        _number("kind", "Fingerprint type", "2"),
        FormField("digest", "Fingerprint", "a1b2c3 ...", "Hexadecimal digits.", is_long=True),
    ),
    "DS": _field_per_word(
        "DS",
        "Delegation signer",
        _number("tag", "Key tag", "12345"),
        _number("algorithm", "Algorithm", "13"),
        _number("kind", "Digest type", "2"),
        _DIGEST,
    ),
    "NAPTR": _single_field(
        "NAPTR", "Naming authority pointer", "Value", '100 10 "U" "E2U+sip" "!^.*$!sip:help@example.net!" .'
    ),
    "SVCB": _field_per_word("SVCB", "Service binding", *_SERVICE),
    "HTTPS": _field_per_word("HTTPS", "Service binding for HTTPS", *_SERVICE),
    "LOC": _single_field("LOC", "Geographic location", "Location", "52 22 23 N 4 53 32 E -2m 0m 10000m 10m"),
    "URI": _quoted(
        _field_per_word(
            "URI",
            "URI of a service",
            _number("preference", "Priority", "10"),
            _number("weight", "Weight", "1"),
            FormField("address", "URI", "https://example.net/"),
            default_name="_http._tcp",
        )
    ),
    "SMIMEA": _field_per_word("SMIMEA", "S/MIME certificate of a mailbox", *_CERTIFICATE),
    "OPENPGPKEY": _single_field("OPENPGPKEY", "OpenPGP key of a mailbox", "Key in Base64", "mQINBF ...", is_long=True),
    "DHCID": _single_field("DHCID", "DHCP client of a name", "Identifier in Base64", "AAIBY2/AuCcc ..."),
}
"""The forms by name: one for each record type, and SPF and DKIM, which write TXT records."""
_TEXT_FORMS = {"v=spf1 ": "SPF", "v=spf1": "SPF", "v=dkim1": "DKIM"}
"""The form of a TXT record by the first seven characters of its value, in lower case."""


def form_of(record_type: str, value: str) -> RecordForm:
    """Return the form to edit a value: that of its type, or a single field if splitting and joining would change it."""
    special = _TEXT_FORMS.get(value[:7].lower(), record_type) if record_type == "TXT" else record_type
    for form in (FORMS[special], FORMS[record_type]):
        with suppress(InputError):
            if form.join(form.split(value)) == value:
                return form
    return _single_field(record_type, FORMS[record_type].title, "Value", "", is_long=record_type == "TXT")
