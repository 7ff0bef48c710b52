"""Calls of the API: paths, pages, and errors as exceptions."""

from __future__ import annotations

import json

import pytest

from appliance.client import ApiClient, ApiRequest, ApiResponse
from appliance.client.calls import PAGE_SIZE
from appliance.errors import CallRefused, NoAnswer


class Scripted:
    """Answers with these responses, in their order."""

    def __init__(self, *responses: ApiResponse) -> None:
        self.sent: list[ApiRequest] = []
        self._responses = list(responses)

    def send(self, request: ApiRequest) -> ApiResponse:
        """Return the next response."""
        self.sent.append(request)
        return self._responses.pop(0)


def answer(document: object, status: int = 200, **headers: str) -> ApiResponse:
    """Return an answer with that JSON."""
    return ApiResponse(status, headers, json.dumps(document).encode())


def refused(status: int, detail: str, field: str | None = None) -> ApiResponse:
    """Return an error of the API."""
    return answer({"detail": detail, "error_code": "x", "field": field}, status)


def test_bodies_are_json_or_zone_files() -> None:
    carrier = Scripted(answer({}), answer({}), answer({}))
    api = ApiClient(carrier)
    api.call("POST", "/a/", {"é": 1}, headers={"Prefer": "wait=1"})
    api.call("PUT", "/b/", b"; zone file")
    api.call("DELETE", "/c/")
    first, second, third = carrier.sent
    assert (first.body, first.headers["Content-Type"], first.headers["Prefer"]) == (
        b'{"\\u00e9": 1}',
        "application/json",
        "wait=1",
    )
    assert (second.body, second.headers["Content-Type"]) == (b"; zone file", "text/dns")
    assert (third.body, dict(third.headers)) == (None, {})


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("example.com", "/dns-zones/example.com/records/"),
        ("0/25.2.0.192.in-addr.arpa", "/dns-zones/0=2F25.2.0.192.in-addr.arpa/records/"),
        ("bücher.example", "/dns-zones/b%C3%BCcher.example/records/"),
        ("a?b#c", "/dns-zones/a%3Fb%23c/records/"),
    ],
)
def test_zones_in_paths(key: str, path: str) -> None:
    carrier = Scripted(answer([]))
    ApiClient(carrier).get_zone(key, "records/")
    assert carrier.sent[0].path == path


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_what_would_be_another_path_is_no_zone(key: str) -> None:
    with pytest.raises(CallRefused, match=f"no zone '{key}'"):
        ApiClient(Scripted()).call_zone("DELETE", key)


def test_lists_are_read_to_their_last_page() -> None:
    carrier = Scripted(answer([{"n": 1}] * PAGE_SIZE), answer([{"n": 2}]))
    assert len(list(ApiClient(carrier).pages("/x/", {"a": "b"}))) == PAGE_SIZE + 1
    assert [one.query["page"] for one in carrier.sent] == ["1", "2"]
    assert {one.query["a"] for one in carrier.sent} == {"b"}


@pytest.mark.parametrize("detail", ["too long", "value: too long"])
def test_an_error_has_field_and_detail(detail: str) -> None:
    with pytest.raises(CallRefused) as error:
        ApiClient(Scripted(refused(400, detail, "value"))).call("POST", "/x/")
    assert (str(error.value), error.value.status, error.value.field) == ("value: too long", 400, "value")


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("there is no such zone", "there is no zone z.example"),
        ("there is no such deleted zone", "there is no deleted zone z.example"),
        ("there is no version 7", "there is no version 7"),
    ],
)
def test_a_zone_that_does_not_exist_is_named(detail: str, shown: str) -> None:
    with pytest.raises(CallRefused, match=f"^{shown}$"):
        ApiClient(Scripted(refused(404, detail))).call_zone("POST", "z.example", "x/")


def test_an_etag_is_read_without_the_records_and_an_error_with_its_reason() -> None:
    assert ApiClient(Scripted(ApiResponse(200, {"ETag": '"1"'}, b""))).etag_of_zone("z.example") == '"1"'
    with pytest.raises(CallRefused, match=r"no zone z\.example"):
        ApiClient(Scripted(ApiResponse(404, {}, b""), refused(404, "there is no such zone"))).etag_of_zone("z.example")


def test_a_zone_is_found_by_uuid_or_domain() -> None:
    uuid = "6b1f4ad4-9a39-4f6b-8c5e-2f0f6f1c9f3a"
    carrier = Scripted(answer({"uuid": uuid}), answer([{"uuid": uuid}]), answer([]))
    api = ApiClient(carrier)
    assert api.find_zone(uuid) == api.find_zone("z.example") == {"uuid": uuid}
    with pytest.raises(CallRefused, match=r"there is no zone z\.example"):
        api.find_zone("z.example")


def test_answers_of_something_else_are_reported_as_such() -> None:
    html = ApiResponse(502, {}, b"<html>Bad Gateway</html>")
    with pytest.raises(CallRefused, match="status 502 and is not of the API"):
        ApiClient(Scripted(html)).get("/x/")
    moved = ApiResponse(301, {"Location": "https://other.example/"}, b"")
    with pytest.raises(CallRefused, match=r"redirects to https://other\.example/: use that address"):
        ApiClient(Scripted(moved)).get("/x/")
    page = ApiResponse(200, {}, b"<html>")
    with pytest.raises(NoAnswer, match="is not JSON"):
        ApiClient(Scripted(page)).get("/x/")
    with pytest.raises(NoAnswer, match="is not JSON"):
        ApiClient(Scripted(page)).get_zone("z.example")
    with pytest.raises(NoAnswer, match="has no ETag"):
        ApiClient(Scripted(page)).etag_of_zone("z.example")
