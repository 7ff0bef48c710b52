"""Reconciliation: everything in the store is compared with everything that the nameservers answer."""
