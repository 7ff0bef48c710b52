"""The PowerDNS API, as its clients call it (https://doc.powerdns.com/authoritative/http-api/).

bodies     bodies of requests: JSON objects, and how long they may be
responses  JSON with sorted keys, and errors
zone_ids   names of zones in paths
zone_json  zones and RRsets as JSON
rrset_changes RRsets of a request -> requests of the Editor
server     calls about the server
crypto_keys the public keys of signed zones
zones      calls about zones
"""

from flask import Blueprint

from appliance.doors.door import Door
from appliance.doors.powerdns import responses, server, zones
from appliance.doors.powerdns.bodies import max_body
from appliance.doors.principals import read_key

PREFIX = "/api/v1/servers"

blueprint = Blueprint("powerdns", __name__)
server.add_routes(blueprint)
zones.add_routes(blueprint)
blueprint.after_request(responses.with_reason)

DOOR = Door(
    key="powerdns",
    title=zones.TITLE,
    prefixes=(PREFIX,),
    exact=("/api",),
    blueprint=blueprint,
    answer_error=responses.answer_error,
    read_secret=read_key,
    body_limit=max_body,
)
