"""A Terraform provider for the zones and records of dns-appliance."""
