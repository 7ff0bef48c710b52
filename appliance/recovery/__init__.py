"""Copies of the store that outlive its host, and the way back from one.

    backup     one SQLite file, taken while the appliance works, whole or not at all
    restore    a copy takes the place of the store; the store that it replaces is kept beside it
    takeover   what the replaced store knows and the copy does not: serials, deletions, what was revoked

This room writes the store while no API and no deployer works on it. It must not know nameservers or programs.
"""
