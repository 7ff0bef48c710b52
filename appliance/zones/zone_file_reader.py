r"""Zone files: text -> records as clients request them, each with its line (RFC 1035 section 5, RFC 2308, RFC 3597).

The data is not judged here: the rules of names and values are those of any other write. What cannot be a record is
`refused`; what the appliance derives by itself, or only a signer writes, is `passed_over`. An unclosed bracket or
quote, `$INCLUDE`, and a limit make the whole file invalid.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import dns.exception
import dns.name
import dns.rdatatype
import dns.ttl
from dns.name import IDNA_2008_Practical, Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from appliance.errors import InputError, RefusedLine
from appliance.zones.generate import MAX_GENERATED, generated
from appliance.zones.names import print_domain
from appliance.zones.rdata import TYPES, has_priority, parse_type, print_value, read_presentation
from appliance.zones.zone_file_content import FileRecord, PassedOver, ZoneFile
from appliance.zones.zone_file_entries import Entry, character_strings, entries_of, line_error

RecordKey = tuple[Name, RdataType, bytes]
"""Owner, type, and canonical wire form of the data (RFC 4034 section 6.2)."""

MAX_RECORDS = 500_000
"""Maximum number of records of a file, with those that are refused."""
_GENERATED_CHARACTERS = 512 * MAX_GENERATED
"""Maximum length of all records that `$GENERATE` makes of a file, each of which counts 512 characters at least."""
SIGNER_TYPES = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "TYPE65534", "TYPE65280"})
"""Types that only a signer writes; the last two are notes of BIND's own."""

_NAME_ALONE = frozenset({RdataType.CNAME, RdataType.NS, RdataType.PTR})
_NAME_FIELDS = ("target", "exchange", "replacement")
_PRIORITY = re.compile(r"[0-9]{1,5}")
_MAX_WORD = 1_020
_TTL = re.compile(r"(?:[0-9]++[wdhms]?)++", re.IGNORECASE)
_MAX_TTL_CHARACTERS = 30
_CLASS = re.compile(r"IN|CH|HS|CLASS[0-9]{1,5}", re.IGNORECASE)
_INTERNET = frozenset({"IN", "CLASS1"})
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*+\.?")
_UNPRINTABLE = re.compile(r"\\[ -~]|\\?([^ -~])")
_LONE_OCTET = re.compile("[\udc80-\udcff]")


class _OtherZone(InputError):
    """The file is that of another zone."""


def decode_zone_file(octets: bytes) -> str:
    r"""Return the text of a file in UTF-8, with line feeds; any other octet becomes an escape such as `\233`."""
    text = octets.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _LONE_OCTET.sub(lambda found: f"\\{ord(found[0]) - 0xDC00:03}", text)


def record_keys(lines: Iterable[str]) -> frozenset[RecordKey]:
    """Return the keys of records as the appliance writes them: owner, TTL, class, type and data, with one space."""
    fields = (line.split(" ", maxsplit=4) for line in lines)
    return frozenset(
        (_parse_name(owner, dns.name.root), rdtype, read_presentation(rdtype, data).to_digestable())
        for owner, _, _, record_type, data in fields
        for rdtype in (_parse_type(record_type),)
    )


def read_zone_file(
    text: str, origin: Name, derived: Collection[RecordKey] = (), *, limit: int = MAX_RECORDS
) -> ZoneFile:
    """Return what the file says of the zone `origin`; `derived` are records that the appliance derives by itself.

    The records of an RRset have the TTL of its first one, as in BIND. Raise InputError with a field such as `line.12`
    for what makes the rest of the file unreadable, and if there are more than `limit` records.
    """
    reader = _Reader(origin, frozenset(derived), limit, origin)
    for entry in entries_of(text):
        try:
            reader.read(entry)
        except InputError as refused:
            raise line_error(str(refused), entry.line) from None
    passed_over = list(reader.passed_over.values())
    return ZoneFile(reader.records, reader.refused, passed_over, reader.serial, reader.first_default_ttl)


@dataclass(slots=True)
class _Reader:
    """The state between the entries of a file."""

    apex: Name
    derived: frozenset[RecordKey]
    limit: int
    origin: Name
    owner: Name | None = None
    last_ttl: int | None = None
    default_ttl: int | None = None
    first_default_ttl: int | None = None
    serial: int | None = None
    records: list[FileRecord] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    passed_over: dict[tuple[str, Name | None], PassedOver] = field(default_factory=dict)
    derived_sets: frozenset[tuple[Name, RdataType]] = frozenset()
    _ttls: dict[tuple[Name, RdataType], int | None] = field(default_factory=dict)
    _names: dict[tuple[str, Name], Name] = field(default_factory=dict)
    _generated: int = 0

    def __post_init__(self) -> None:
        self.derived_sets = frozenset(key[:2] for key in self.derived)

    def read(self, entry: Entry) -> None:
        """Read an entry; raise InputError if nothing after it can be read."""
        if entry.words and (entry.is_continued or not entry.words[0].startswith("$")):
            self._read_record(entry)
        elif entry.words:
            self._read_directive(entry)

    def _read_directive(self, entry: Entry) -> None:
        directive, *words = entry.words
        match directive.upper(), words:
            case "$ORIGIN", [name]:
                self.origin = self._name(name)
            case "$TTL", [ttl]:
                self.default_ttl = _parse_ttl(ttl)
                if self.first_default_ttl is None:
                    self.first_default_ttl = self.default_ttl
            case "$GENERATE", [numbers, owner, *rest]:
                self._generate(entry.line, numbers, owner, rest)
            case "$INCLUDE", _:
                raise InputError("$INCLUDE is not supported: only this text is read; insert that file's text here")
            case (("$ORIGIN" | "$TTL" | "$GENERATE"), _):
                raise InputError(f"{directive} cannot have {len(words)} words after it")
            case _:
                raise InputError(f"{directive[:80]} is not a directive; $ORIGIN, $TTL and $GENERATE are")

    def _generate(self, line: int, numbers: str, owner: str, words: list[str]) -> None:
        rest = words[_split_front(words)[2] :]
        if len(rest) != 2:
            raise InputError("$GENERATE needs an owner, a type and one word of data: put data with spaces in quotes")
        before = words[:-1]
        for name, data in generated(numbers, owner, rest[1]):
            self._generated += max(512, len(name) + len(data))
            if self._generated > _GENERATED_CHARACTERS:
                raise InputError(f"$GENERATE may create at most {MAX_GENERATED} records in a file, or fewer long ones")
            fields = [word for part in entries_of(data) for word in part.words]
            self._read_record(Entry(line, is_continued=False, words=[name, *before, *fields]))

    def _read_record(self, entry: Entry) -> None:
        """Read a record; what cannot be one is refused with its line."""
        if len(self.records) + len(self.refused) >= self.limit:
            raise InputError(f"the file has more than {self.limit} records")
        try:
            self._add(entry.line, self._owner(entry), entry.words[0 if entry.is_continued else 1 :])
        except _OtherZone:
            raise
        except InputError as refused:
            self.refused.append(RefusedLine(entry.line, str(refused)))

    def _owner(self, entry: Entry) -> Name:
        if not entry.is_continued:
            self.owner = None
            self.owner = self._name(entry.words[0])
        if self.owner is None:
            raise InputError("this line starts with a space or tab, and no line before it has a valid owner")
        return self.owner

    def _name(self, word: str) -> Name:
        name = self._names.get((word, self.origin))
        if name is None:
            name = self._names[word, self.origin] = _parse_name(word, self.origin)
        return name

    def _add(self, line: int, owner: Name, words: list[str]) -> None:
        """Add a record of TTL, class, type and data: without a TTL it has that of `$TTL`, else of the record before."""
        given, is_internet, front = _split_front(words)
        rest = words[front:]
        if not rest or not is_internet:
            raise InputError("the class of a record must be IN" if rest else "this line has no record type")
        rdtype = _parse_type(rest[0])
        self.last_ttl = self.last_ttl if given is None else given
        ttl = given if given is not None else self.last_ttl if self.default_ttl is None else self.default_ttl
        if rdtype == RdataType.SOA:
            self._read_soa(line, owner, rest[1:], ttl)
        elif rdtype.name in SIGNER_TYPES or f"TYPE{int(rdtype)}" in SIGNER_TYPES:
            self._pass_over(line, owner, dns.rdatatype.to_text(rdtype), None, "only the signer of a zone writes them")
        else:
            self._add_record(line, owner, rdtype, ttl, rest[1:])

    def _read_soa(self, line: int, owner: Name, words: list[str], ttl: int | None) -> None:
        if owner != self.apex:
            raise _OtherZone(f"this is a file of the zone {print_domain(owner)}, not of {print_domain(self.apex)}")
        soa = read_presentation(RdataType.SOA, " ".join(words), self.origin)
        if self.serial is None:
            self.serial = soa.serial  # type: ignore[attr-defined]
        if ttl is None:
            self.default_ttl = soa.minimum  # type: ignore[attr-defined]
        self._pass_over(line, owner, "SOA", owner, "the appliance has its own")

    def _add_record(self, line: int, owner: Name, rdtype: RdataType, ttl: int | None, words: list[str]) -> None:
        record_type, rrset = parse_type(dns.rdatatype.to_text(rdtype)).name, (owner, rdtype)
        value, priority = self._value(rdtype, words)
        if rrset in self.derived_sets and self._is_derived(owner, rdtype, " ".join(words)):
            self._pass_over(line, owner, record_type, owner, "the appliance derives them")
            return
        ttl = self._ttls.setdefault(rrset, ttl)
        self.records.append(FileRecord(line, record_type, _absolute(owner), value, ttl, priority))

    def _value(self, rdtype: RdataType, words: list[str]) -> tuple[str, int | None]:
        """Return value and priority of the API; a text or an address is left to the parser of requests."""
        is_generic = words[:1] == ["\\#"]
        if rdtype == RdataType.TXT and words and not is_generic:
            return " ".join(_quote(piece) for word in words for piece in character_strings(word)), None
        if rdtype in (RdataType.A, RdataType.AAAA) and len(words) == 1:
            return words[0], None
        if rdtype in _NAME_ALONE and len(words) == 1:
            return _absolute(self._name(words[0])), None
        if rdtype == RdataType.MX and len(words) == 2 and _PRIORITY.fullmatch(words[0]):
            return _absolute(self._name(words[1])), int(words[0])
        rdata = self._read(rdtype, " ".join(words))
        return print_value(rdata), int(rdata.to_text().split(" ", maxsplit=1)[0]) if has_priority(rdtype) else None

    def _read(self, rdtype: RdataType, text: str) -> Rdata:
        if not text.isascii() and any(not word.isascii() and len(word) > _MAX_WORD for word in text.split(" ")):
            raise InputError(f"a word with other characters than ASCII may have at most {_MAX_WORD} characters")
        rdata = read_presentation(rdtype, text, self.origin)
        names = {field: getattr(rdata, field, None) for field in _NAME_FIELDS}
        lowered = {field: name.canonicalize() for field, name in names.items() if isinstance(name, Name)}
        return rdata.replace(**lowered) if lowered else rdata

    def _is_derived(self, owner: Name, rdtype: RdataType, text: str) -> bool:
        return (owner, rdtype, self._read(rdtype, text).to_digestable()) in self.derived

    def _pass_over(self, line: int, owner: Name, record_type: str, group: Name | None, reason: str) -> None:
        """Count the record among those of its type and group that were passed over before."""
        before = self.passed_over.get((record_type, group))
        new = replace(before, count=before.count + 1) if before else PassedOver(line, owner, record_type, reason)
        self.passed_over[record_type, group] = new


def _absolute(name: Name) -> str:
    """Return the name as requests have it, with the final dot."""
    return print_domain(name) if name == dns.name.root else f"{print_domain(name)}."


def _parse_name(word: str, origin: Name) -> Name:
    if len(word) > _MAX_WORD:
        raise InputError(f"a name may have at most 253 octets, not {len(word)} characters")
    try:
        if _PLAIN_NAME.fullmatch(word):
            labels = tuple(word.lower().encode().split(b"."))
            return Name(labels if word.endswith(".") else labels + origin.labels)
        return dns.name.from_text(word, origin, IDNA_2008_Practical).canonicalize()
    except (dns.exception.DNSException, ValueError) as error:
        raise InputError(f"{word[:80]!r} is not a valid name: {error}") from None


def _parse_type(word: str) -> RdataType:
    try:
        return dns.rdatatype.from_text(word)
    except (dns.exception.DNSException, ValueError):
        names = ", ".join(one.name for one in TYPES)
        raise InputError(f"{word[:80]!r} is not a record type; use one of {names}") from None


def _is_ttl(word: str) -> bool:
    return len(word) <= _MAX_TTL_CHARACTERS and _TTL.fullmatch(word) is not None


def _parse_ttl(word: str) -> int:
    try:
        return dns.ttl.from_text(word)
    except dns.exception.DNSException:
        raise InputError(f"{word[:80]!r} is not a TTL: write seconds, or units such as 1h30m") from None


def _split_front(words: list[str]) -> tuple[int | None, bool, int]:
    """Return what is in front of the type: the TTL, whether the class is IN or missing, and the number of words."""
    ttl, is_internet, seen_class = None, True, False
    for number, word in enumerate(words[:2]):
        if ttl is None and word[0].isdigit() and _is_ttl(word):
            ttl = _parse_ttl(word)
        elif not seen_class and _CLASS.fullmatch(word):
            seen_class, is_internet = True, word.upper() in _INTERNET
        else:
            return ttl, is_internet, number
    return ttl, is_internet, len(words[:2])


def _quote(piece: str) -> str:
    """Return a quoted string in printable ASCII, other octets as escapes."""
    text = _UNPRINTABLE.sub(_escape, piece)
    return text if text.startswith('"') else f'"{text}"'


def _escape(found: re.Match[str]) -> str:
    return "".join(f"\\{octet:03}" for octet in found[1].encode("utf-8", "surrogatepass")) if found[1] else found[0]
