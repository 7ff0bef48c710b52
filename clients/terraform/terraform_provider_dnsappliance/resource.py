"""What both resources do: one call of the API, and how its errors reach Terraform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tf import iface, types, utils

from terraform_provider_dnsappliance.api import Answer, Api, ApiError

ATTRIBUTES = {"record_type": "type"}
"""Fields of the API whose attributes have other names here."""


class Connection(Protocol):
    """What a resource needs of the provider."""

    api: Api | None
    wait: int


class ApiResource(iface.Resource):
    """A resource that is one object of the API."""

    path = ""
    """The path of the objects, with {} for the uuid of one."""

    def __init__(self, provider: Connection) -> None:
        self._provider = provider

    @property
    def api(self) -> Api:
        """The client; Terraform configures the provider before it uses a resource."""
        if self._provider.api is None:
            raise ApiError(0, "unconfigured", "the provider is not configured")
        return self._provider.api

    def attempt(
        self, diags: utils.Diagnostics, call: Callable[[Api, int], Answer], otherwise: iface.State | None
    ) -> Answer | iface.State | None:
        """Return the answer to a call, or `otherwise` with the error reported."""
        try:
            return call(self.api, self._provider.wait)
        except ApiError as error:
            report(diags, error)
            return otherwise

    def unless_gone(
        self, diags: utils.Diagnostics, call: Callable[[Api, int], Answer], current: iface.State
    ) -> Answer | iface.State | None:
        """Do the same, but return None if the object does not exist, which is no error."""
        try:
            return call(self.api, self._provider.wait)
        except ApiError as error:
            if error.status == 404:
                return None
            report(diags, error)
            return current

    def served(self, diags: utils.Diagnostics, answer: Answer) -> None:
        """Warn if the change is stored and was not seen to be served."""
        if self._provider.wait and not answer.live:
            diags.add_warning(f"the change is stored; not every nameserver served it in {self._provider.wait} s")

    def delete(self, ctx: iface.DeleteContext, current: iface.State) -> iface.State | None:
        """Delete the object, which may be gone. Return its state if it could not be deleted."""
        path = self.path.format(current["id"])
        done = self.unless_gone(ctx.diagnostics, lambda api, wait: api.delete(path, wait=wait), current)
        return None if isinstance(done, Answer) else done

    def upgrade(self, ctx: iface.UpgradeContext, version: int, old: iface.State) -> iface.State:
        """Return a state of the first version, which is the only one, as it is."""
        return old


def report(diags: utils.Diagnostics, error: ApiError) -> None:
    """Report an error of the API at the attribute that it is about."""
    field = error.field and ATTRIBUTES.get(error.field, error.field)
    diags.add_error(str(error), path=[field] if field else None)


def known(planned: iface.State, *names: str) -> dict[str, Any]:
    """Return those attributes that have a value."""
    return {name: planned[name] for name in names if planned.get(name) not in (None, types.Unknown)}


def with_computed(planned: iface.State, document: dict[str, Any], *names: str) -> iface.State:
    """Return the planned state with the identity, and what the plan left to the appliance."""
    computed = {name: document[name] for name in names if planned.get(name) in (None, types.Unknown)}
    return iface.State({**planned, "id": document["uuid"], **computed})
