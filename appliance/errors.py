"""Every error of the appliance, in one tree.

    ApplianceError
    +-- InputError(field)            the caller can mend it
    |   +-- InvalidName              not a name that DNS or this zone can hold
    |   +-- InvalidValue             not the data of that record type, or a number out of range
    |   +-- UnsupportedType          a record type that is not served here
    |   +-- QuotaReached             more than the account or the zone may have
    |   `-- RuleBroken(findings)     each record is right, together they are not
    +-- StateError                   a right request at the wrong moment
    |   +-- NotFound
    |   +-- NotPermitted             the token or account may not do that
    |   |   `-- MissingPermission(permissions)
    |   +-- ZoneProtected
    |   `-- AlreadyRunning           another process holds what only one may hold
    +-- AccessError                  refused at the door, before the request itself is read
    |   +-- AuthenticationFailed     no valid credential
    |   +-- UnknownHost              the client used a host name that is not the appliance's
    |   +-- RateLimited(retry_after) too many requests or failures
    |   `-- Busy(retry_after)        too many others do the same at the moment
    +-- DeployError                  becomes the outcome of a zone; each kind names the step it ended at
    |   +-- CompileFailed  CheckFailed  PublishFailed  ReloadFailed  NotServed
    +-- CommandError(argv)           a program or a control channel did not do its work
    |   +-- MissingProgram  CommandTimeout  CommandFailed
    +-- StoreError                   the store is locked, full, read-only, missing or damaged
    `-- SettingsError                the configuration file or the environment is wrong

No HTTP number stands here: `appliance.web.error_status` holds the one table that gives these a status.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dns.name import Name

MAX_DETAIL = 400
"""Characters of an input that an error may quote back; longer details are cut."""


class ApplianceError(Exception):
    """Anything that the appliance itself refuses or fails at; its text is fit to be shown."""


class InputError(ApplianceError):
    """What was sent is wrong; `field` is the JSON path of the input at fault, or None for the whole."""

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail if len(detail) <= MAX_DETAIL else f"{detail[:MAX_DETAIL]}...")
        self.field = field


class InvalidName(InputError):
    """The text is no DNS name that may stand in this place."""


class InvalidValue(InputError):
    """The text or number is no data of that kind."""


class UnsupportedType(InputError):
    """The record type is not one that this appliance serves."""


class QuotaReached(InputError):
    """There may be no more of these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a zone could not be served; `field` is the input that would have to change, at `owner`."""

    field: str | None
    detail: str
    owner: Name | None = None


class RuleBroken(InputError):
    """The zone that the change would make is not one that can be served; the first finding speaks for all."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].detail, findings[0].field)
        self.findings = tuple(findings)


class StateError(ApplianceError):
    """A right request that the present state does not allow."""


class NotFound(StateError):
    """No such thing, or not one that the caller may know of."""


class NotPermitted(StateError):
    """The caller is known and may not do that."""


class MissingPermission(NotPermitted):
    """The token has none of the permissions of which the call needs one."""

    def __init__(self, permissions: Sequence[str]) -> None:
        super().__init__(f"this token lacks the permission {' or '.join(permissions)}")
        self.permissions = tuple(permissions)


class ZoneProtected(StateError):
    """The zone is marked `protected`: it is not deleted until that mark is taken off."""


class AlreadyRunning(StateError):
    """Another process does this work for the same store."""


class AccessError(ApplianceError):
    """The client is refused before its request is read."""


class AuthenticationFailed(AccessError):
    """The client has no valid credential; the text does not say what is wrong with it."""


class UnknownHost(AccessError):
    """The client used a host name that is not the appliance's (RFC 9110 section 15.5.20)."""


class RateLimited(AccessError):
    """Too many requests or failures; `retry_after` is in seconds, rounded up."""

    def __init__(self, reason: str, seconds: float) -> None:
        self.retry_after = math.ceil(seconds)
        super().__init__(f"{reason}: try again in {self.retry_after} s")


class Busy(AccessError):
    """Too many others do the same at the moment; `retry_after` is in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DeployError(ApplianceError):
    """One zone was not brought to the nameservers; `step` names where the path ended."""

    step = "deploy"


class CompileFailed(DeployError):
    """The stored zone cannot be written as a zone file."""

    step = "compile"


class CheckFailed(DeployError):
    """named-checkzone refused the staged file."""

    step = "check"


class PublishFailed(DeployError):
    """The checked file could not take its place."""

    step = "publish"


class ReloadFailed(DeployError):
    """The primary nameserver did not take the command."""

    step = "reload"


class NotServed(DeployError):
    """The command was taken, but no answer shows the serial."""

    step = "verify"


class CommandError(ApplianceError):
    """A program, or a command over the control channel, did not do its work."""

    def __init__(self, argv: Sequence[str], detail: str) -> None:
        super().__init__(f"{' '.join(argv[:2])}: {detail}")
        self.argv = tuple(argv)
        self.detail = detail


class MissingProgram(CommandError):
    """The program is not installed where the settings say."""


class CommandTimeout(CommandError):
    """No end within the time limit."""


class CommandFailed(CommandError):
    """It ended, and said no."""


class StoreError(ApplianceError):
    """The store is locked, full, read-only, missing or damaged; nothing was written."""


class SettingsError(ApplianceError):
    """A setting is unknown, missing or out of range."""
