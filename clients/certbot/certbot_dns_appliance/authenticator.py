"""The plugin: what certbot calls."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import version

from certbot import errors
from certbot.plugins import dns_common

from certbot_dns_appliance import challenges
from certbot_dns_appliance.api import Api, ApiError

AGENT = f"certbot-dns-appliance/{version('certbot-dns-appliance')}"
NEEDED = {"url": "URL of the appliance, such as https://dns.example.net", "token": "API token, which begins with vps_"}

logger = logging.getLogger(__name__)


class Authenticator(dns_common.DNSAuthenticator):
    """Obtain certificates by TXT records in zones of dns-appliance."""

    description = "Obtain certificates by TXT records in zones of dns-appliance."

    @classmethod
    def add_parser_arguments(cls, add: Callable[..., None], default_propagation_seconds: int = 0) -> None:
        """Add the options. The appliance reports when a record is served, so no time is waited by default."""
        super().add_parser_arguments(add, default_propagation_seconds)
        add("credentials", help="INI file with dns_appliance_url and dns_appliance_token.")

    def more_info(self) -> str:
        """Return what the plugin does."""
        return "This plugin adds and removes TXT records with the HTTP API of dns-appliance."

    def _setup_credentials(self) -> None:
        self._credentials = self._configure_credentials("credentials", "INI file with credentials", NEEDED, check)

    def _perform(self, domain: str, validation_name: str, validation: str) -> None:
        try:
            live = challenges.present(api_of(self._credentials), validation_name, validation)
        except (challenges.NoZone, ApiError) as error:
            raise errors.PluginError(f"{validation_name}: {error}") from error
        if not live:
            logger.warning("%s is stored; not every nameserver was seen serving it", validation_name)

    def _cleanup(self, domain: str, validation_name: str, validation: str) -> None:
        try:
            challenges.remove(api_of(self._credentials), validation_name, validation)
        except (challenges.NoZone, ApiError) as error:
            logger.warning("The TXT record %s could not be removed: %s", validation_name, error)


def check(credentials: dns_common.CredentialsConfiguration) -> None:
    """Raise PluginError if URL or token cannot be right."""
    api_of(credentials)


def api_of(credentials: dns_common.CredentialsConfiguration) -> Api:
    """Return the API that the credentials are for. Raise PluginError if URL or token cannot be right."""
    try:
        return Api(credentials.conf("url") or "", credentials.conf("token") or "", AGENT)
    except ValueError as error:
        raise errors.PluginError(f"{credentials.confobj.filename}: dns_appliance_{error}") from error
