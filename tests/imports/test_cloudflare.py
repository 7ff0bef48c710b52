"""Exports of Cloudflare."""

from __future__ import annotations

from appliance.imports.cloudflare import domain_of_export, is_cloudflare, plain_zone_file
from appliance.imports.zone_text import read_zone_text

EXPORT = """;;
;; Domain:     example.com.
;; Exported:   2026-01-02 03:04:05
;;
;; SOA Record
example.com\t3600\tIN\tSOA\tada.ns.cloudflare.com. dns.cloudflare.com. 2050000000 10000 2400 604800 3600

;; NS Records
example.com.\t86400\tIN\tNS\tada.ns.cloudflare.com.
sub.example.com.\t300\tIN\tNS\tns.else.example.

;; A Records
example.com.\t1\tIN\tA\t192.0.2.1 ; cf_tags=cf-proxied:true
mail.example.com.\t120\tIN\tA\t192.0.2.2 ; the mail host cf_tags=cf-proxied:false

;; CNAME Records
www.example.com.\t1\tIN\tCNAME\texample.com. ; cf_tags=cf-proxied:true,cf-flatten-cname

;; TXT Records
example.com.\t1\tIN\tTXT\t"v=spf1 ; cf_tags=cf-proxied:true"
"""


def test_an_export_is_a_zone_file_with_notes() -> None:
    assert is_cloudflare(EXPORT)
    assert domain_of_export(EXPORT) == "example.com."
    text, notes = plain_zone_file(EXPORT, "cf.txt")
    data = read_zone_text(text, "example.com", "cf.txt", notes=notes)
    assert [
        (one.where, one.record.record_type, one.record.name, one.record.value, one.record.ttl) for one in data.records
    ] == [
        ("cf.txt:10", "NS", "sub.example.com.", "ns.else.example.", 300),
        ("cf.txt:13", "A", "example.com.", "192.0.2.1", 300),
        ("cf.txt:14", "A", "mail.example.com.", "192.0.2.2", 120),
        ("cf.txt:17", "CNAME", "www.example.com.", "example.com.", 300),
        ("cf.txt:20", "TXT", "example.com.", '"v=spf1 ; cf_tags=cf-proxied:true"', 300),
    ]
    assert (data.serial, data.refused) == (2050000000, [])
    assert [(one.where, one.text.partition(":")[0]) for one in data.notes] == [
        ("cf.txt:9", "a nameserver of Cloudflare"),
        ("cf.txt:13", "example.com A was proxied"),
        ("cf.txt:17", "www.example.com CNAME was proxied"),
        ("cf.txt:17", "www.example.com CNAME was flattened"),
    ]


def test_other_zone_files_are_no_exports() -> None:
    assert not is_cloudflare("$ORIGIN example.com.\n@ SOA a. b. 1 2 3 4 5\n")
    assert domain_of_export("; nothing\n") == ""


def test_only_a_line_feed_ends_a_line() -> None:
    text = EXPORT + 'a.example.com.\t60\tIN\tTXT\t"one\u2028line"\nb.example.com.\t60\tIN\tTXT\t"\x0btwo"'
    found = read_zone_text(plain_zone_file(text, "f")[0], "example.com", "f")
    assert [(one.where, one.record.value) for one in found.records[-2:]] == [
        (f"f:{EXPORT.count(chr(10)) + 1}", '"one\\226\\128\\168line"'),
        (f"f:{EXPORT.count(chr(10)) + 2}", '"\\011two"'),
    ]
