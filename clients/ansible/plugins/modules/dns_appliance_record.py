"""An Ansible module for the records of dns-appliance. It runs on targets, with their Python and nothing else."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible.module_utils.urls import fetch_url

DOCUMENTATION = r"""
module: dns_appliance_record
short_description: Manage record sets in zones of dns-appliance
description:
  - A record set is all records of one name and type. With O(state=present) it has exactly the values given.
  - A change is one call of the appliance's API, so it is applied as a whole or not at all.
author: the dns-appliance authors
options:
  url:
    description: URL of the appliance, such as V(https://dns.example.net). E(DNS_APPLIANCE_URL) is the default.
    type: str
    required: true
  token:
    description:
      - Token of the API, which begins with C(vps_). E(DNS_APPLIANCE_TOKEN) is the default.
      - It needs C(dns:list), C(dns:create) and C(dns:delete).
    type: str
    required: true
  zone:
    description: Domain or uuid of the zone.
    type: str
    required: true
  name:
    description: Name of the set, relative to the zone or in full; V(@) is the zone itself.
    type: str
    default: '@'
  type:
    description: Type of the set.
    type: str
    required: true
    choices: [A, AAAA, CAA, CNAME, DHCID, DS, HTTPS, LOC, MX, NAPTR, NS, OPENPGPKEY, PTR, SMIMEA, SRV, SSHFP, SVCB,
      TLSA, TXT, URI]
  values:
    description:
      - Values of the set; each is a string, or a dictionary with V(value) and V(priority).
      - Required for O(state=present). With O(state=absent) these values are removed; without values, the whole set.
    type: list
    elements: raw
  ttl:
    description: TTL in seconds. Without one the set keeps its own, and a new set has the default of the zone.
    type: int
  priority:
    description: Priority of those values of MX and SRV sets that have none of their own.
    type: int
  state:
    description: Whether the values exist.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: For how many seconds to wait until every nameserver serves the change; V(0) does not wait.
    type: int
    default: 30
  validate_certs:
    description: Whether to check the certificate of the appliance.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: The appliance checks the change and stores nothing.
  diff_mode:
    support: full
    description: Shows the records before and after.
"""

EXAMPLES = r"""
- name: Addresses of the website
  dns_appliance.dns.dns_appliance_record:
    url: https://dns.example.net
    token: "{{ dns_token }}"
    zone: example.com
    name: www
    type: A
    values: [192.0.2.1, 192.0.2.2]
    ttl: 300

- name: Mail servers
  dns_appliance.dns.dns_appliance_record:
    url: https://dns.example.net
    token: "{{ dns_token }}"
    zone: example.com
    type: MX
    values:
      - {value: mx1.example.net, priority: 10}
      - {value: mx2.example.net, priority: 20}

- name: Remove a verification that has been done
  dns_appliance.dns.dns_appliance_record:
    url: https://dns.example.net
    token: "{{ dns_token }}"
    zone: example.com
    type: TXT
    values: [old-verification=1]
    state: absent
"""

RETURN = r"""
serial:
  description: Serial of the zone, in check mode the one that it would get. None if there was nothing to remove.
  returned: success
  type: int
live:
  description: Whether every nameserver was seen serving the change. False if nothing changed or was waited for.
  returned: success
  type: bool
dns_warnings:
  description: Findings that are valid but probably not intended, each with C(code), C(detail), C(remedy) and C(name).
  returned: success
  type: list
  elements: dict
"""

ATTEMPTS = 5
"""How often a call is tried that finds no connection or is answered with 429 or 503."""

REPEATED = (-1, 429, 503)

UNAUTHORIZED = "token: the appliance does not accept it: it is unknown, revoked, expired, or not for this address"

TYPES = [
    "A", "AAAA", "CAA", "CNAME", "DHCID", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "OPENPGPKEY", "PTR", "SMIMEA",
    "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI",
]  # fmt: skip

ARGUMENTS = {
    "url": {"required": True, "fallback": (env_fallback, ["DNS_APPLIANCE_URL"])},
    "token": {"required": True, "no_log": True, "fallback": (env_fallback, ["DNS_APPLIANCE_TOKEN"])},
    "zone": {"required": True},
    "name": {"default": "@"},
    "type": {"required": True, "choices": TYPES},
    "values": {"type": "list", "elements": "raw"},
    "ttl": {"type": "int"},
    "priority": {"type": "int"},
    "state": {"choices": ["present", "absent"], "default": "present"},
    "wait": {"type": "int", "default": 30},
    "validate_certs": {"type": "bool", "default": True},
}


class ApiError(Exception):
    """A call that failed; the text says why."""


class Api:
    """Calls of the API with the parameters of a module."""

    def __init__(self, module: AnsibleModule) -> None:
        """Raise ApiError if the URL cannot be right."""
        url = module.params["url"]
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ApiError(f"url: {url!r} is not the URL of an appliance, such as https://dns.example.net")
        base = url.rstrip("/")
        self._base = base if base.endswith("/api/v1") else f"{base}/api/v1"
        self._module = module
        module.params["follow_redirects"] = "no"  # which fetch_url reads: another host must not get the token
        self._headers = {
            "Authorization": "Bearer {}".format(module.params["token"].strip()),
            "Content-Type": "application/json",
        }

    def get(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return a list. Raise ApiError."""
        found, _ = self._call("GET", f"{path}?{urlencode(query)}", None, self._headers)
        return list(found)

    def post(self, path: str, body: dict[str, Any], wait: int) -> tuple[dict[str, Any], bool]:
        """Return the answer, and whether all nameservers serve the change. Raise ApiError.

        It is done once, however often it is repeated.
        """
        headers = {**self._headers, "Idempotency-Key": str(uuid.uuid4())}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        answer, info = self._call("POST", path, json.dumps(body), headers, timeout=60 + wait)
        if wait and "preference-applied" not in info:
            return dict(answer), self._becomes_live(path.split("/")[1], wait)
        return dict(answer), info.get("x-deployment") == "live"

    def _becomes_live(self, zone: str, wait: int) -> bool:
        """Wait in place of the appliance, at which only some calls may wait at a time."""
        end = time.monotonic() + wait
        try:
            while self._call("GET", f"dns-zones/{zone}/deployment/", None, self._headers)[0]["state"] != "live":
                if time.monotonic() > end:
                    return False
                time.sleep(0.5)
        except ApiError:  # the change is stored, whatever can be read of it
            return False
        return True

    def _call(
        self, method: str, path: str, body: str | None, headers: dict[str, str], timeout: int = 60
    ) -> tuple[Any, dict[str, Any]]:
        url = f"{self._base}/{path}"
        attempt = 1
        while True:
            response, info = fetch_url(
                self._module,
                url,
                data=body,
                headers=headers,
                method=method,
                timeout=timeout,
                force=True,
                use_netrc=False,
            )
            if info["status"] not in REPEATED or attempt == ATTEMPTS:
                break
            time.sleep(pause(info, attempt))
            attempt += 1
        text = response.read() if info["status"] == 200 else info.get("body") or b""
        return read(url, info, text), info


def pause(info: dict[str, Any], attempt: int) -> float:
    """Return the seconds until a call is repeated, at most half a minute."""
    after = str(info.get("retry-after", ""))
    return min(float(after) if after.isdigit() else 0.25 * 2**attempt, 30.0)


def read(url: str, info: dict[str, Any], text: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the document of a response. Raise ApiError for an error, a redirect, or none of the API."""
    if info["status"] == -1:
        raise ApiError("no answer from {}: {}".format(url, info["msg"]))
    if info["status"] in range(300, 400):
        raise ApiError("url: the appliance is at {}: use that URL".format(info.get("location")))
    try:
        document = json.loads(text)
    except ValueError:
        raise ApiError(f"{url} answers, but not as the API does: {info['status']} {info['msg']}") from None
    if info["status"] == 200:
        return document
    if info["status"] == 401:
        raise ApiError(UNAUTHORIZED)
    field, detail = document.get("field"), document.get("detail", info["msg"])
    raise ApiError(f"{field}: {detail}" if field else detail)


def value_of(given: object, priority: int | None) -> dict[str, Any]:
    """Return a value with its priority, as the API accepts it. Raise ApiError if it is neither a string nor both."""
    if isinstance(given, (str, int)) and not isinstance(given, bool):
        given = {"value": str(given)}
    if not isinstance(given, dict) or "value" not in given or set(given) - {"value", "priority"}:
        raise ApiError(f"values: {given!r} is neither a string nor a dictionary with value and priority")
    given = {"value": str(given["value"]), "priority": given.get("priority", priority)}
    if given["priority"] is None:
        return {"value": given["value"]}
    if not str(given["priority"]).isdigit():
        raise ApiError(f"values: the priority {given['priority']!r} is not an integer from 0 to 65535")
    return {**given, "priority": int(given["priority"])}


def changes_of(params: dict[str, Any], api: Api) -> list[dict[str, Any]]:
    """Return the changes to request; none if there is nothing to remove. Raise ApiError."""
    values = [value_of(given, params["priority"]) for given in params["values"] or ()]
    if params["state"] == "absent" and values:
        return [{"action": "delete", "uuid": each} for each in sorted(matching(params, values, api))]
    change = {"action": "replace", "name": params["name"], "record_type": params["type"], "values": values}
    if params["state"] == "absent":
        return [change]
    if not values:
        raise ApiError("values: state present needs at least one value; state absent removes the set")
    return [change if params["ttl"] is None else {**change, "ttl": params["ttl"]}]


def matching(params: dict[str, Any], values: list[dict[str, Any]], api: Api) -> set[str]:
    """Return the uuids of the records that have one of the values. Raise ApiError."""
    query = {"zone": params["zone"], "name": params["name"], "record_type": params["type"], "page_size": "1000"}
    return {
        record["uuid"]
        for value in values
        for record in api.get("dns-records/", **query, value=value["value"])
        if value.get("priority") in (None, record["priority"])
    }


def line_of(record: dict[str, Any]) -> str:
    """Return a record as a line of text."""
    priority = "" if record["priority"] is None else f"{record['priority']} "
    return f"{record['fqdn']}. {record['ttl']} {record['record_type']} {priority}{record['value']}\n"


def text_of(records: list[dict[str, Any]]) -> str:
    """Return records as sorted lines."""
    return "".join(sorted(map(line_of, records)))


def result_of(answer: dict[str, Any], live: bool) -> dict[str, Any]:
    """Return what the module reports of an answer."""
    before = answer["removed"] + [change["before"] for change in answer["changed"]]
    after = answer["added"] + [change["after"] for change in answer["changed"]]
    return {
        "changed": bool(before or after),
        "diff": {"before": text_of(before), "after": text_of(after)},
        "serial": answer["serial"],
        "live": live,
        "dns_warnings": answer["warnings"],
    }


def ensure(module: AnsibleModule, api: Api) -> dict[str, Any]:
    """Bring the set into its state, or in check mode find what that would change. Raise ApiError."""
    params = module.params
    if not 0 <= params["wait"] <= 60:
        raise ApiError(f"wait: {params['wait']} is not a number of seconds from 0 to 60")
    changes = changes_of(params, api)
    if not changes:
        return {"changed": False, "serial": None, "live": False, "dns_warnings": []}
    path = "dns-zones/{}/changes/".format(quote(params["zone"].rstrip(".").replace("/", "=2F"), safe="="))
    if module.check_mode:
        return result_of(*api.post(f"{path}?dry_run=true", {"changes": changes}, 0))
    result = result_of(*api.post(path, {"changes": changes, "comment": "Ansible"}, params["wait"]))
    if result["changed"] and params["wait"] and not result["live"]:
        module.warn("the change is stored; not every nameserver was seen serving it")
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(**ensure(module, Api(module)))
    except ApiError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
