"""Accounts, credentials and tokens: each change is one transaction, with its event in the audit log.

    authentication  from a token's secret to a principal, for every front door
    permissions     the names of permissions, and which of them a token may grant
    policies        which records a token may write, in a list of entries; presets
    tokens          creation and revocation of API tokens
    sign_in         sign-in to the console and sign-out: passwords, sessions
    second_factor   time-based one-time passwords (RFC 6238)
    recovery_codes  codes for users who lost their second factor
    membership      creation, invitation and disabling of accounts
    acme_dns        accounts of acme-dns, which are tokens of one name

The client of a request is a `Principal` of `appliance.principal`. This package must not know HTTP, pages or forms, nor
anything of zones but their uuids and domains.
"""
