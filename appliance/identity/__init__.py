"""Who may use the appliance: each act one transaction, with its line in the audit log.

    authentication  the one way from a token's secret to a principal, for every front door
    permissions     their names, and which of them a token may pass on
    tokens          API tokens, never wider than what they are made with
    sign_in         the way into the console and out of it: passwords, sessions
    second_factor   codes that change every half minute (RFC 6238)
    membership      who has an account: made, invited, disabled

Who asks is a `Principal` of `appliance.principal`. It knows no HTTP, no page and no form, and nothing of zones but
their uuids.
"""
