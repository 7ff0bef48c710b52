"""The DNSSEC of a zone: its state, the DS for its parent zone, reports of users about it, and rollovers."""

from __future__ import annotations

from uuid import UUID

from dns.dnssectypes import Algorithm
from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.dnssec_rows import ds_rows, report_buttons
from appliance.console.dnssec_words import explain_problems, explain_signing, explain_step
from appliance.console.forms import Form, as_sentence, submitted_form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.console.zones import get_zone, parse_integer
from appliance.errors import Conflict, InputError
from appliance.store import delegations, signing
from appliance.web.context import context, reading
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import DNSKEY_TTL, UNTIL_SIGNED_EVERYWHERE, DsReport, Signing, state_of
from appliance.zones.signing_outlook import in_use, key_state, next_step, parent_agrees

MOST_PARENT_DS = 20
"""DS records of the parent zone that are shown."""


@pages.get("/zones/<uuid:uuid>/dnssec/", endpoint="dnssec")
def show_dnssec(uuid: UUID) -> Response:
    """Show the DNSSEC of the zone, as far as is known: the page sends no query."""
    return _page(get_zone(uuid), Form())


@pages.post("/zones/<uuid:uuid>/dnssec/", endpoint="switch_dnssec")
def switch_dnssec(uuid: UUID) -> Response | BaseResponse:
    """Turn DNSSEC of the zone on or off; 409 during a rollover."""
    zone, form = get_zone(uuid), submitted_form()
    wanted = form["intent"] == "on"
    try:
        with form.collecting_errors():
            context().editor.change_zone(current_session().principal, uuid, {"dnssec": wanted})
            return redirect_to("console.dnssec", f"DNSSEC turned {'on' if wanted else 'off'}.", uuid=uuid)
    except Conflict as conflict:
        return _conflict_page(zone, form, conflict)
    return _page(zone, form, 400)


@pages.post("/zones/<uuid:uuid>/dnssec/confirm/", endpoint="confirm_ds")
def confirm_ds(uuid: UUID) -> Response | BaseResponse:
    """Store what the user saw at the parent zone; 409 with the reason if the state does not allow it."""
    zone, form = get_zone(uuid), submitted_form()
    try:
        with form.collecting_errors():
            report = _parse_report(form)
            tag = parse_integer(form["key_tag"], "key_tag") if form["key_tag"] else None
            context().editor.confirm_ds(current_session().principal, uuid, report, tag)
            return redirect_to("console.dnssec", f"DS confirmed as {report.value}.", uuid=uuid)
    except Conflict as conflict:
        return _conflict_page(zone, form, conflict)
    return _page(zone, form, 400)


@pages.post("/zones/<uuid:uuid>/dnssec/rollover/", endpoint="roll_keys")
def roll_keys(uuid: UUID) -> Response | BaseResponse:
    """Begin a rollover of the key; 409 unless the zone is secured."""
    zone = get_zone(uuid)
    try:
        context().editor.roll_keys(current_session().principal, uuid)
    except Conflict as conflict:
        return _conflict_page(zone, submitted_form(), conflict)
    return redirect_to("console.dnssec", "Rollover requested.", uuid=uuid)


def _parse_report(form: Form) -> DsReport:
    if form["ds"] not in list(DsReport):
        raise InputError("published or withdrawn is expected", "ds")
    return DsReport(form["ds"])


def _conflict_page(zone: Zone, form: Form, conflict: Conflict) -> Response:
    form.errors[""] = as_sentence(str(conflict))
    return _page(zone, form, 409)


def _page(zone: Zone, form: Form, status: int = 200) -> Response:
    now, has_resolver = context().clock(), context().settings.dns.resolver is not None
    with reading():
        known = in_use(signing.get(zone) or Signing(is_wanted=False, is_signed=False, since=now))
        above = delegations.parents_of([zone]).get(zone.uuid)
    parent = print_domain(above.name) if above else ""
    state, step = state_of(known, zone.name, now), next_step(known, zone.name, now)
    return render_page(
        "dnssec.html",
        status,
        zone=zone,
        form=form,
        known=known,
        state=state.value,
        sentence_of_state=explain_signing(state, step),
        next_step=explain_step(known, state, step, has_resolver=has_resolver),
        problems=explain_problems(known, zone.name, now),
        ds_rows=ds_rows(known, zone.name, now),
        parent=parent,
        reports=[] if parent else report_buttons(known, zone.name, now),
        keys=[(key, key_state(key, known).value, Algorithm.to_text(key.algorithm)) for key in known.keys],
        dnskey_ttl=DNSKEY_TTL,
        agrees=parent_agrees(known, zone.name),
        parent_ds=sorted(known.parent.anywhere if known.parent else ())[:MOST_PARENT_DS],
        nameservers=[(name, known.served.get(name)) for name in context().nameservers],
        seconds_until_ready=int(UNTIL_SIGNED_EVERYWHERE.total_seconds()),
    )
