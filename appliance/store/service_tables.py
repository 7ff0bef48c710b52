"""The tables of what services report, and of their first responses, as Peewee models; `tables` has all of them."""

from __future__ import annotations

import peewee as pw

from appliance.store.columns import Document, Instant


class Idempotency(pw.Model):
    """The first response to a request with an Idempotency-Key."""

    id = pw.AutoField()
    token = pw.UUIDField()
    path = pw.TextField()
    key = pw.TextField()
    digest = pw.TextField()
    status = pw.IntegerField()
    headers = Document()
    body = pw.TextField()
    created_at = Instant()


class UnknownZone(pw.Model):
    """A zone that is served but not in the database; `allowed_at`: an operator allowed its removal."""

    label = pw.TextField(primary_key=True)
    name = pw.TextField()
    found_at = Instant()
    allowed_at = Instant(null=True)

    class Meta:
        table_name = "unknown_zone"


class Fault(pw.Model):
    """What the deployer fails to do for all zones, found by its last reconciliation; `found_at`: by which first."""

    subject = pw.TextField(primary_key=True)
    text = pw.TextField()
    remedy = pw.TextField()
    found_at = Instant()

    class Meta:
        table_name = "fault"


class Heartbeat(pw.Model):
    """The deployer's heartbeat, one row: its time, the last reconciliation, their number, pending zones, figures."""

    id = pw.AutoField()
    beat_at = Instant()
    reconciled_at = Instant(null=True)
    reconciliations = pw.IntegerField()
    pending = pw.IntegerField()
    figures = Document(default=dict)

    class Meta:
        table_name = "heartbeat"


class UpdateListener(pw.Model):
    """The last report of the listener for DNS UPDATE, one row: its time, and its responses by response code."""

    id = pw.AutoField()
    beat_at = Instant()
    responses = Document()

    class Meta:
        table_name = "update_listener"
