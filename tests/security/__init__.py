"""A complete appliance, attacked by each attacker: one file for each, as `docs/security.md` lists them."""
