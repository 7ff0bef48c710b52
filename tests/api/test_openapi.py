"""The OpenAPI document and the page that shows it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.api.conftest import Application, Bearer, is_error

Json = dict[str, Any]


@pytest.fixture
def document(application: Application) -> Json:
    """The document, read without a token."""
    answer = application.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    read: Json = answer.get_json()
    return read


def _documented(rule: str) -> str:
    """Return a path of Flask as the document has it."""
    return re.sub(r"<[a-z]+:([a-z_]+)>", r"{\1}", rule)


def _operations(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }


def test_it_is_openapi(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_call_is_in_the_document(application: Application, document: Json) -> None:
    calls = {
        f"{method} {_documented(rule.rule)}"
        for rule in application.app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] not in ("console", "document", "doors", "health")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert calls == set(_operations(document))


def test_every_call_has_a_name_and_its_errors(document: Json) -> None:
    operations = _operations(document)
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)
    for operation in operations.values():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}
        assert operation["summary"]
        assert "422" not in operation["responses"]
        assert operation["responses"]["401"] == {"$ref": "#/components/responses/UNAUTHORIZED"}
        assert operation["description"].startswith(("Needs the permission `", "Any valid token"))
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert list(document["components"]["schemas"]["Error"]["properties"]) == ["detail", "error_code", "field"]


def test_responses_are_as_documented(me: Bearer, document: Json) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    for name, shown in (("ZoneDetail", zone), ("Record", record), ("Deployment", zone["deployment"])):
        assert list(document["components"]["schemas"][name]["properties"]) == list(shown)


def test_requests_are_strict_and_responses_are_open(document: Json) -> None:
    schemas = document["components"]["schemas"]
    closed = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    sent = {"ZoneCreate", "ZonePatch", "RecordBody", "FlatRecordCreate", "RecordReplace", "RecordPatch", "TokenCreate"}
    assert sent <= closed
    received = {"Error", "ZoneSummary", "ZoneDetail", "Record", "Deployment", "Nameserver", "Me", "Account", "Token"}
    assert received <= schemas.keys() - closed
    for name in received:
        for field, schema in schemas[name]["properties"].items():
            if field in ("uuid", "zone"):
                assert schema["format"] == "uuid", f"{name}.{field}"


def test_closed_sets_are_enumerated(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name in ("Record", "RecordBody", "RecordPatch"):
        assert {"A", "MX", "OPENPGPKEY"} < set(schemas[name]["properties"]["record_type"]["enum"])
    assert schemas["Deployment"]["properties"]["state"]["enum"] == ["pending", "deploying", "live", "failed"]
    assert {"dns:list", "dns:*", "admin:*"} < set(schemas["Token"]["properties"]["permissions"]["items"]["enum"])
    assert {"validation_error", "zone_protected"} < set(schemas["Error"]["properties"]["error_code"]["enum"])


def test_every_status_has_an_example_of_its_own(document: Json) -> None:
    examples = {
        name: response["content"]["application/json"]["example"]
        for name, response in document["components"]["responses"].items()
        if name not in ("DEFAULT_ERROR", "NOT_MODIFIED")
    }
    assert "content" not in document["components"]["responses"]["NOT_MODIFIED"]
    assert len({example["detail"] for example in examples.values()}) == len(examples) >= 10
    codes = document["components"]["schemas"]["Error"]["properties"]["error_code"]["enum"]
    for example in examples.values():
        assert list(example) == ["detail", "error_code", "field"] and example["error_code"] in codes
    assert examples["NOT_FOUND"]["error_code"] == "not_found"
    assert examples["CONFLICT"]["error_code"] == "zone_protected"


def test_the_page_uses_no_other_host(application: Application) -> None:
    web = application.app.test_client()
    page = web.get("/api/v1/docs/")
    assert page.data == web.get("/api/v1/docs").data
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in page.text
    assert not re.search(r"<script(?![^>]*src=)|<style| on[a-z]+=| style=", page.text)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        asset = web.get(path)
        assert (asset.status_code, asset.headers["X-Content-Type-Options"]) == (200, "nosniff")
        asset.close()
    assert "://" not in web.get("/api/v1/docs/start.js").text


@pytest.mark.parametrize("name", ["VENDOR.md", "..%2f..%2f__init__.py", "%2e%2e/app.py", "nothing.js"])
def test_only_files_of_the_page_are_served(application: Application, name: str) -> None:
    assert is_error(application.app.test_client().get(f"/api/v1/docs/assets/{name}"), 404, "not_found")
