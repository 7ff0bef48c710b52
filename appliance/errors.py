"""Every error of the appliance, in one tree.

    ApplianceError
    +-- InputError(field)            the input is wrong; the client can correct it
    |   +-- InvalidName              not a valid name, in DNS or in this zone
    |   |   +-- OperatorsOnly          a domain that only operators may create as a zone
    |   |   `-- RecordsHidden          a zone that would hide records of the zone above it
    |   +-- InvalidValue             not valid data of that record type, or a number out of range
    |   +-- UnsupportedType          a record type that the appliance does not serve
    |   +-- QuotaReached             more than the account or the zone may have
    |   +-- LinesRefused(lines)      a zone file has lines that cannot be records here
    |   `-- RuleBroken(findings)     each record is valid, but the zone would not be
    +-- StateError                   the request is valid, but not in the present state
    |   +-- NotFound
    |   +-- NotPermitted             the token or account may not do that
    |   |   `-- MissingPermission(permissions)
    |   +-- ZoneProtected
    |   +-- PreconditionFailed       the object has changed since the client read it
    |   +-- IdempotencyConflict      the key belongs to another request
    |   +-- ConfirmationExpired      a change was to be confirmed before
    |   +-- ConfirmationRequired     the request removes much, and was not confirmed
    |   +-- Conflict                 other changes are in the way, or what is needed is no longer stored
    |   |   `-- LaterChangeUndecided   a later change is to be confirmed or reverted first
    |   `-- AlreadyRunning           another process holds an exclusive lock
    +-- AccessError                  the client is refused before its request is read
    |   +-- AuthenticationFailed     no valid credential
    |   +-- UnknownHost              the client used a host name that is not the appliance's
    |   +-- RateLimited(retry_after) too many requests or failures
    |   `-- Busy(retry_after)        too many requests of the same kind at this moment
    +-- DeployError                  a zone was not deployed; each class names the step that failed
    |   +-- CompileFailed  CheckFailed  PublishFailed  KeysMissing  ReloadFailed  NotServed
    +-- CommandError(argv)           a program or a command over the control channel failed
    |   +-- MissingProgram  CommandTimeout  CommandFailed
    +-- StoreError                   the store is locked, full, read-only, missing or damaged
    |   `-- ReadTimeout(seconds)     reading took longer than it may
    +-- ClientError                  a call of the API, by the command line, did not succeed
    |   +-- CallRefused(status, code, field)  the API answered with an error
    |   `-- NoAnswer                 the appliance cannot be reached, or its answer was lost
    `-- SettingsError                the settings file or the environment is wrong

None has an HTTP status: `appliance.web.error_status` assigns it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line starts sooner without
    from uuid import UUID

    from dns.name import Name

MAX_DETAIL = 400
"""Maximum length of the detail of an input error, in characters; a longer one is truncated."""


class ApplianceError(Exception):
    """Base class of all errors of the appliance; the message may be shown to users."""


class InputError(ApplianceError):
    """The input is wrong; `field` is the JSON path of the part at fault, None if it is no single part."""

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail if len(detail) <= MAX_DETAIL else f"{detail[:MAX_DETAIL]}...")
        self.field = field


class InvalidName(InputError):
    """The text is not a valid name, in DNS or at this place."""


class OperatorsOnly(InvalidName):
    """Only operators may create a zone of that name."""


class RecordsHidden(InvalidName):
    """A new zone would hide records of the zone above it; they may be moved into it."""


class InvalidValue(InputError):
    """The text or number is not valid data of that kind."""


class UnsupportedType(InputError):
    """The appliance does not serve the record type."""


class QuotaReached(InputError):
    """The quota of the account or the zone is used up."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of a zone file that cannot be a record here, with the reason."""

    line: int
    detail: str


class LinesRefused(InputError):
    """Lines of a zone file cannot be records here; the message is that of the first."""

    def __init__(self, lines: Sequence[RefusedLine]) -> None:
        others = len(lines) - 1
        more = f" (and {others} other {'line is' if others == 1 else 'lines are'} refused)" if others else ""
        super().__init__(lines[0].detail + more, f"line.{lines[0].line}")
        self.lines = tuple(lines)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a zone could not be served; `field` is the input at fault, `owner` the name that it concerns."""

    field: str | None
    detail: str
    owner: Name | None = None


class RuleBroken(InputError):
    """The zone could not be served after the change; the message is that of the first finding."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].detail, findings[0].field)
        self.findings = tuple(findings)


class StateError(ApplianceError):
    """The request is valid, but the present state does not allow it."""


class NotFound(StateError):
    """The object does not exist, or is not visible to the client."""


class NotPermitted(StateError):
    """The client is authenticated but may not do that."""


class MissingPermission(NotPermitted):
    """The token has none of the permissions, of which the request needs one."""

    def __init__(self, permissions: Sequence[str]) -> None:
        super().__init__(f"this token lacks the permission {' or '.join(permissions)}")
        self.permissions = tuple(permissions)


class ZoneProtected(StateError):
    """The zone is `protected`: it cannot be deleted until that is unset."""


class PreconditionFailed(StateError):
    """The object has changed since the client read it (RFC 9110 section 13.1.1)."""


class IdempotencyConflict(StateError):
    """The Idempotency-Key belongs to another request."""


class ConfirmationExpired(StateError):
    """The change was to be confirmed before; it is or will be reverted."""


class ConfirmationRequired(StateError):
    """The request would remove much, and has to be repeated with a confirmation."""


class Conflict(StateError):
    """Other changes are in the way, or what is needed is no longer stored; each finding is about one record."""

    def __init__(self, detail: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(detail)
        self.findings = tuple(findings)


class LaterChangeUndecided(Conflict):
    """A change cannot be reverted before a later one, `change_id`, is confirmed or reverted."""

    def __init__(self, serial: int, later_serial: int, change_id: UUID) -> None:
        super().__init__(
            f"version {serial} is reverted after version {later_serial}, which changed the same names: "
            f"confirm or revert version {later_serial} first"
        )
        self.change_id = change_id


class AlreadyRunning(StateError):
    """Another process with the same task holds the lock."""


class AccessError(ApplianceError):
    """The client is refused before its request is read."""


class AuthenticationFailed(AccessError):
    """The client has no valid credential; the text does not say what is wrong with it."""


class UnknownHost(AccessError):
    """The client used a host name that is not the appliance's (RFC 9110 section 15.5.20)."""


class RateLimited(AccessError):
    """Too many requests or failures; `retry_after` is in seconds, rounded up. `policy` names a limit that is shown."""

    def __init__(self, reason: str, seconds: float, policy: str = "") -> None:
        self.policy = policy
        self.retry_after = math.ceil(seconds)
        super().__init__(f"{reason}: try again in {self.retry_after} s")


class Busy(AccessError):
    """Too many requests of the same kind at this moment; `retry_after` is in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DeployError(ApplianceError):
    """A zone was not deployed; `step` names the step that failed."""

    step = "deploy"


class CompileFailed(DeployError):
    """The stored zone cannot be rendered as a zone file."""

    step = "compile"


class CheckFailed(DeployError):
    """named-checkzone refused the staged file."""

    step = "check"


class PublishFailed(DeployError):
    """The checked file could not replace the live one."""

    step = "publish"


class KeysMissing(DeployError):
    """Key files of a signed zone are missing: named would sign it with new ones, which the parent does not know."""

    step = "keys"


class ReloadFailed(DeployError):
    """The primary nameserver refused the command."""

    step = "reload"


class NotServed(DeployError):
    """The primary accepted the command, but no response shows the serial."""

    step = "verify"


class CommandError(ApplianceError):
    """A program, or a command over the control channel, failed."""

    def __init__(self, argv: Sequence[str], detail: str) -> None:
        super().__init__(f"{' '.join(argv[:2])}: {detail}")
        self.argv = tuple(argv)
        self.detail = detail


class MissingProgram(CommandError):
    """The program is not installed where the settings say."""


class CommandTimeout(CommandError):
    """The command did not end within the time limit."""


class CommandFailed(CommandError):
    """The command ended with an error."""


class StoreError(ApplianceError):
    """The store is locked, full, read-only, missing or damaged; nothing was written."""


class ReadTimeout(StoreError):
    """Reading took longer than it may and was ended."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"reading took longer than {seconds:g} s and was ended: request less, such as a page")


class ClientError(ApplianceError):
    """A call of the API, by the command line, did not succeed."""


class CallRefused(ClientError):
    """The API answered with an error: its HTTP status, `error_code`, and `field`, which the message begins with."""

    def __init__(self, status: int, detail: str, code: str = "", field: str | None = None) -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.status, self.detail, self.code, self.field = status, detail, code, field


class NoAnswer(ClientError):
    """The appliance cannot be reached, or its answer was lost."""


class SettingsError(ApplianceError):
    """A setting is unknown, missing or out of range."""
