"""A complete appliance, attacked from each seat: one file for each, as `docs/security.md` lists them."""
