"""A certbot plugin that answers DNS challenges with dns-appliance, which reports when a record is served."""

from certbot_dns_appliance.authenticator import Authenticator

__all__ = ["Authenticator"]
