"""The web console: pages rendered on the server, over the same functions as the API; each works without JavaScript.

    blueprint      the routes, behind the check of the session, and the error pages
    pages          the blueprint itself, and rendering a page
    session        the session behind a cookie, and the CSRF token of every form
    confirmations  changes that are reverted unless somebody confirms them
    notices        what the next page shows once, with a button that undoes it
    forms          the values of a submitted form, and the error at each field
    sign_in        sign in, sign out, accept an invitation
    sign_in_proof  the proof of a right password, until the code is entered
    signed_text    text of one page for the next, signed for its browser
    kept_forms     a form that is kept while its user signs in again
    zones          the list of zones, a new zone, its settings, deleting it
    deleted_zones  zones that can be restored
    record_list    the records of a zone by RRset
    records        the forms to add and edit a record
    expiry         the time at which a record expires
    record_forms   the form of each record type
    spf, dkim      the texts of SPF and DKIM records, checked
    pasted         TXT records as programs print them for a zone file
    unique_texts   TXT records of which a name may have only one
    drafts         the draft of a zone: its changes, their dry run, saving them
    draft_version  which draft a page shows
    draft_marks    what a draft does to which record
    draft_pages    the page of a draft
    draft_diff     a diff as changes of a draft
    impact_rows    the answers that a draft changes, as rows of a table
    import_pages   the pages that import a zone file into the draft
    file_sources   where its text comes from: a file, a text area, a transfer
    transfer_servers from which server a zone may be transferred
    file_changes   what its text would do to the zone, or its errors by line
    text_editor    the page that edits a zone as text
    editor_text    the text of a zone
    export         the zone file as a download
    history_pages  versions of a zone: listed, shown, compared, undone and restored in a draft
    lookup_slots   limits on pages that wait for DNS servers
    zone_state     the state of a zone in words
    deployment     the deployment of a zone, lookup at each nameserver, the delegation
    dnssec_pages   the DNSSEC of a zone: its state, the DS for its parent zone, reports of a DS, rollovers
    dnssec_rows    the DS records of that page, and the reports that it offers
    dnssec_words   the state of DNSSEC in words
    dashboard      for operators: state of zones and nameservers, audit log
    audit_events   the descriptions of audit events
    account        password, two-factor authentication, sessions, history
    tokens         API tokens
    token_scope    what a token may write, in words
    integration_pages credentials for other programs, with the configuration to paste
    people         for operators: accounts and invitations
    truncate       limits on the size of a page

A page reads the store directly, writes through `appliance.identity` and `appliance.editing` alone, and sends nothing to
nameservers but plain DNS queries.
"""
