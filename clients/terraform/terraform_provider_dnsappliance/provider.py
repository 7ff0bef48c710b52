"""The provider: its configuration, and the program that Terraform starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

from tf import iface, schema, types, utils

from terraform_provider_dnsappliance.api import Api
from terraform_provider_dnsappliance.record import RecordResource
from terraform_provider_dnsappliance.serve import serve
from terraform_provider_dnsappliance.zone import ZoneResource

NAME = "terraform-provider-dnsappliance"
WAIT = 30
"""For how many seconds a write waits until it is served, if the configuration says nothing."""


class DnsApplianceProvider(iface.Provider):
    """One appliance, with one token."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.api: Api | None = None
        self.wait = WAIT

    def get_model_prefix(self) -> str:
        """Return what the types of all resources begin with."""
        return "dnsappliance_"

    def full_name(self) -> str:
        """Return the address of the provider."""
        return "local/dns/dnsappliance"

    def get_provider_schema(self, diags: utils.Diagnostics) -> schema.Schema:
        """Return the fields of the provider's configuration."""
        return schema.Schema(
            attributes=[
                schema.Attribute("url", types.String(), "URL of the appliance; DNS_APPLIANCE_URL", optional=True),
                schema.Attribute(
                    "token", types.String(), "API token; DNS_APPLIANCE_TOKEN", optional=True, sensitive=True
                ),
                schema.Attribute(
                    "wait", types.Number(), "Seconds, 0 to 60, to wait until a write is served", optional=True
                ),
            ]
        )

    def validate_config(self, diags: utils.Diagnostics, config: iface.Config) -> None:
        """Accept any configuration: values may be unknown before an apply."""

    def configure_provider(self, diags: utils.Diagnostics, config: iface.Config) -> None:
        """Create the client. Report what is wrong with the configuration."""
        url = config.get("url") or self._environment.get("DNS_APPLIANCE_URL", "")
        token = config.get("token") or self._environment.get("DNS_APPLIANCE_TOKEN", "")
        wait = WAIT if config.get("wait") is None else config["wait"]
        if types.Unknown in (url, token, wait):
            diags.add_error("url, token and wait must be known before resources are planned")
        elif wait not in range(61):
            diags.add_error(f"wait: {wait} is not a number of seconds from 0 to 60", path=["wait"])
        else:
            self._connect(diags, url, token)
            self.wait = int(wait)

    def _connect(self, diags: utils.Diagnostics, url: str, token: str) -> None:
        try:
            self.api = Api(url, token, f"{NAME}/{version(NAME)}")
        except ValueError as error:
            diags.add_error(str(error), path=[str(error).partition(":")[0]])

    def get_data_sources(self) -> list[type[iface.DataSource]]:
        """Return no data sources."""
        return []

    def get_functions(self) -> list[type[object]]:
        """Return no functions."""
        return []

    def get_resources(self) -> list[type[iface.Resource]]:
        """Return the resources."""
        return [ZoneResource, RecordResource]


def main() -> None:
    """Serve Terraform until it is done."""
    serve(DnsApplianceProvider(os.environ))
