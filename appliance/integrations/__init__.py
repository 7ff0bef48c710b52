"""Clients of other protocols: what each needs to use this appliance.

    client -> its preset -> a credential with the least rights -> its configuration to paste

protocols            the doors by their keys
client_preset        a preset: protocol, rights, snippets of configuration
certificate_clients  presets for ACME clients
server_clients       presets for servers with an ACME client of their own
record_clients       presets for clients that manage records
address_clients      presets for clients that report addresses
presets              all of them
client_credentials   the credential of a client
configuration        the snippets, filled in

The texts are those of docs/clients.md, whose recipes are tested with the clients themselves.
"""
