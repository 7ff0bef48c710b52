"""Moving in: zones of other servers and providers, read from many kinds of sources and stored through the Editor.

    source            what every source yields
    formats           a file, the standard input or a folder: which format each file has
    zone_text         zone files
    named_statements  the text of a named.conf as statements
    named_config      the zones of a named.conf with its includes
    powerdns          zones as the PowerDNS API returns them
    cloudflare        exports of Cloudflare
    csv_table         tables of records
    axfr              zones of a running server
    tsig              keys of transfers
    owners            which account gets which zone
    content           which records of a source become records of the zone
    refusals          which records a refusal concerns
    importer          stores zones one at a time
    results           what was done with each
    report            the same as text and as a document

Every format but that of named.conf becomes the text of a zone file, or records as clients request them. No program is
run, and a source is read one zone at a time.
"""
