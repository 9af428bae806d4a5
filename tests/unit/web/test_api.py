"""The API under /v1: documents, jobs, corrections, and their description."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from ingestd.files.identity import look
from ingestd.output import sidecar
from ingestd.store import corrections, reviews
from ingestd.store.database import connect
from ingestd.store.jobs import Jobs
from ingestd.web.api.models import JobAnswer, ListAnswer, StateAnswer
from ingestd.web.api.openapi import ADDRESS, description, plain_path
from ingestd.web.app import MAX_FOLLOWERS
from ingestd.web.tokens import Role
from tests.support import jobs, records
from tests.support.corrections import Office
from tests.support.desk import Desk
from tests.support.places import ROOT
from tests.support.world import png

FILE = {"document": ("发票.png", png("good"), "image/png")}
TAX = "/v1/documents/1/fields/tax"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.record()
    return office


@pytest.fixture
def desk(tmp_path: Path, office: Office) -> Desk:
    return Desk(tmp_path, rules=office.rules)


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return desk.with_token(Role.REVIEW, "anna")


def version(client: TestClient) -> str:
    return client.get("/v1/documents/1").headers["etag"]


# -- description


def test_description_names_exactly_the_routes(desk: Desk) -> None:
    described = {(method.upper(), path) for path, methods in description()["paths"].items() for method in methods}
    routes = {
        (method, plain_path(route.path))
        for route in desk.app.routes
        if isinstance(route, Route) and route.path.startswith(("/v1/", "/ocr"))
        for method in (route.methods or ())
        if method != "HEAD"
    }
    assert described == routes


def test_description_is_whole_and_open_to_anyone(desk: Desk) -> None:
    desk.with_token(Role.READ)
    answer = desk.client.get(ADDRESS)
    assert answer.status_code == 200 and answer.json()["openapi"] == "3.1.0"
    text = answer.text
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= answer.json()["components"]["schemas"].keys()
    identifiers = [one["operationId"] for path in answer.json()["paths"].values() for one in path.values()]
    assert len(set(identifiers)) == len(identifiers)
    for path, methods in answer.json()["paths"].items():
        for method in methods.values():
            told = {one["name"] for one in method.get("parameters", ()) if one["in"] == "path"}
            assert told == {part.strip("{}") for part in path.replace(".png", "").split("/") if part.startswith("{")}


def test_manual_names_every_operation() -> None:
    manual = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for path, methods in description()["paths"].items():
        for method in methods:
            shown = f"`{path}`" if path == ADDRESS else f"`{method.upper()} {path}`"
            assert shown in manual, shown


# -- roles


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        (method.upper(), path.format(id=1, name="tax", page=0), told["description"].rpartition("role ")[2].strip("."))
        for path, methods in description()["paths"].items()
        for method, told in methods.items()
        if "security" in told
    ],
)
def test_every_operation_needs_its_role(desk: Desk, method: str, path: str, least: str) -> None:
    for role in Role:
        answer = desk.with_token(role).request(method, path)
        assert (answer.status_code == 403) == (role < Role.of(least)), (role, answer.text)
    assert desk.client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 401


# -- uploads and jobs


def test_upload_is_followed_by_its_job(desk: Desk, client: TestClient) -> None:
    answer = client.post("/v1/documents", files=FILE)
    assert answer.status_code == 202, answer.text
    job = JobAnswer.model_validate_json(answer.content)
    assert (job.state, job.name, job.document_id) == ("arrived", "发票.png", None)
    assert (desk.root / "inbox" / "发票.png").read_bytes() == png("good")
    assert client.get(answer.headers["location"]).json() == answer.json()


def test_daemon_that_notes_the_file_too_finds_the_same_job(desk: Desk, client: TestClient) -> None:
    location = client.post("/v1/documents", files=FILE).headers["location"]
    path = desk.root / "inbox" / "发票.png"
    identity = look(path)
    assert identity is not None
    again = Jobs(desk.db).arrive(desk.config.inboxes[0].name, path, identity, desk.clock.now())
    assert location == f"/v1/jobs/{again.id}"


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ({"other": ("a.png", b"x")}, 400, "no-file"),
        ([("document", ("a.png", b"x")), ("document", ("b.png", b"x"))], 400, "no-file"),
        ({"document": ("a.png", b"")}, 422, "empty"),
        ({"document": ("a.tmp", b"x")}, 422, "ignored"),
    ],
)
def test_upload_that_is_refused_leaves_nothing(
    desk: Desk, client: TestClient, files: Any, status: int, code: str
) -> None:
    answer = client.post("/v1/documents", files=files)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert list((desk.root / "inbox").iterdir()) == [] == list(desk.db["jobs"].rows)


def test_failed_job_says_why_and_can_be_tried_again(desk: Desk, client: TestClient) -> None:
    error = json.dumps({"code": "damaged", "found": "found half a page", "expected": "a whole one", "fix": "scan it"})
    failed = jobs.failed(Jobs(desk.db), "a.pdf", error)
    assert client.get(f"/v1/jobs/{failed.id}").json()["reason"] == "found half a page; scan it"
    admin = desk.with_token(Role.ADMIN)
    assert admin.post(f"/v1/jobs/{failed.id}/retry").json()["state"] == "waiting"
    assert admin.post(f"/v1/jobs/{failed.id}/retry").status_code == 409


@pytest.mark.parametrize("number", [2, 1 << 62, 1 << 63, 10**300])
def test_number_of_nothing_is_not_found(client: TestClient, number: int) -> None:
    for path in (f"/v1/jobs/{number}", f"/v1/jobs/{number}/events", f"/v1/documents/{number}"):
        assert client.get(path).status_code == 404


def events_of(client: TestClient, number: int) -> list[tuple[str, Any]]:
    with client.stream("GET", f"/v1/jobs/{number}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join(answer.iter_text())
    parts = [dict(line.split(": ", 1) for line in event.splitlines()) for event in text.strip().split("\n\n")]
    return [(part["event"], json.loads(part["data"])) for part in parts]


def test_events_end_when_the_job_is_settled(desk: Desk, client: TestClient) -> None:
    job = jobs.running(Jobs(desk.db), "a.pdf")
    path = desk.config.record.database

    def finish() -> None:
        with connect(path) as db:
            Jobs(db).fail(job, json.dumps({"found": "bad", "fix": "scan it"}), Path("/f"), None, desk.clock.now())

    timer = threading.Timer(0.2, finish)
    timer.start()
    found = events_of(client, job.id)
    timer.join()
    assert [(name, data["state"]) for name, data in found] in (
        [("job", "running"), ("job", "failed")],
        [("job", "failed")],  # the machine was busy
    )


def test_followers_are_limited(desk: Desk, client: TestClient) -> None:
    job = jobs.failed(Jobs(desk.db), "a.pdf", json.dumps({"found": "bad", "fix": "scan it"}))
    with ExitStack() as stack:
        for _ in range(MAX_FOLLOWERS):
            stack.enter_context(desk.app.state.services.followers.one())
        refused = client.get(f"/v1/jobs/{job.id}/events")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert client.get(f"/v1/jobs/{job.id}/events").status_code == 200


def test_events_of_a_file_that_was_taken_away(desk: Desk, client: TestClient) -> None:
    job = jobs.arrived(Jobs(desk.db), "a.pdf")
    timer = threading.Timer(0.1, lambda: connect(desk.config.record.database).execute("DELETE FROM jobs"))
    timer.start()
    assert events_of(client, job.id)[-1] == ("gone", {})
    timer.join()


# -- lists


def test_list_goes_page_by_page_and_keeps_the_filters(desk: Desk, client: TestClient) -> None:
    for number in range(5):
        records.save(desk.db, records.record(f"{number}.pdf", fields={"merchant": f"KEDAI {number}", "total": "3.50"}))
    seen, address = [], "/v1/documents?seller=kedai&limit=2"
    while address:
        page = ListAnswer.model_validate_json(client.get(address).content)
        seen += [one.id for one in page.documents]
        address = page.next or ""
    assert seen == [6, 5, 4, 3, 2]
    assert client.get("/v1/documents?text=kedai 3").json()["documents"][0]["total"] == "3.50"


@pytest.mark.parametrize(
    "query",
    [
        "before=0",
        "before=x",
        f"before={1 << 63}",
        "limit=101",
        "limit=0",
        "sellar=x",
        "status=gone",
        "date_to=1",
        "level=x",
    ],
)
def test_list_refuses_what_it_does_not_understand(client: TestClient, query: str) -> None:
    assert client.get(f"/v1/documents?{query}").status_code == 422


# -- one document


def test_document_is_its_sidecar_with_a_version(desk: Desk, client: TestClient) -> None:
    answer = client.get("/v1/documents/1")
    assert answer.content == sidecar.render(desk.db, 1)
    same = client.get("/v1/documents/1", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_correction_needs_the_version_and_changes_it(desk: Desk, client: TestClient) -> None:
    seen = version(client)
    answer = client.put(TAX, json={"value": "6", "seconds": 4.5}, headers={"If-Match": seen})
    assert answer.status_code == 200, answer.text
    state = StateAnswer.model_validate_json(answer.content)
    assert (state.fields["tax"].value, state.fields["tax"].level, state.doubts) == ("6.00", "confirmed", ["tax_no"])
    assert answer.headers["etag"] == f'"{state.version}"' == version(client) != seen
    [entry] = corrections.history(desk.db, 1)
    assert (entry.correction.by, entry.seconds, entry.from_value) == ("anna", 4.5, "8.00")
    late = client.put(TAX, json={"value": "7"}, headers={"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert client.put(TAX, json={"value": "7"}, headers={"If-Match": f'"x", {version(client)}'}).status_code == 200
    assert client.put(TAX, json={"value": "8"}, headers={"If-Match": "*"}).status_code == 200


def test_correction_is_taken_back(client: TestClient) -> None:
    client.put(TAX, json={"value": "6"}, headers={"If-Match": "*"})
    answer = client.delete(TAX, headers={"If-Match": version(client)})
    assert answer.json()["fields"]["tax"]["value"] == "8.00"


def test_kind_is_said_and_taken_back(client: TestClient) -> None:
    kind = "/v1/documents/1/kind"
    assert client.put(kind, json={"value": "other"}, headers={"If-Match": "*"}).json()["status"] == "done"
    assert client.delete(kind, headers={"If-Match": "*"}).json()["kind"] == "sample"


QUAD = [[0, 0], [9, 0], [9, 9], [0, 9]]


def test_place_of_the_value_is_kept(desk: Desk, client: TestClient) -> None:
    client.put(TAX, json={"value": "6", "place": {"page_index": 0, "quad": QUAD}}, headers={"If-Match": "*"})
    [tax] = [one for one in client.get("/v1/documents/1").json()["fields"] if one["name"] == "tax"]
    assert (tax["page_index"], tax["quad"]) == (0, QUAD)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (TAX, {"value": "abc"}, 422),
        (TAX, {"value": "1" * 301}, 422),
        (TAX, {"value": "6", "place": {"page_index": 0}}, 422),
        (TAX, {"value": "6", "place": {"page_index": 0, "quad": [[0, 0]]}}, 422),
        (TAX, {"value": "6", "place": {"page_index": -1, "quad": QUAD}}, 422),
        (TAX, {"value": "6", "place": {"page_index": 0, "quad": [[1e300, 0], *QUAD[1:]]}}, 422),
        (TAX, {"value": 6}, 422),
        (TAX, {"text": "6"}, 422),
        (TAX, {}, 422),
        ("/v1/documents/1/fields/colour", {"value": "red"}, 404),
        ("/v1/documents/1/fields/@rule", {"value": "other"}, 422),
        ("/v1/documents/1/fields/tax_no", {"value": "DE136695977"}, 422),
        ("/v1/documents/1/kind", {"value": "letter"}, 422),
        ("/v1/documents/9/fields/tax", {"value": "6"}, 404),
    ],
)
def test_correction_that_is_refused_changes_nothing(
    office: Office, client: TestClient, path: str, body: dict[str, Any], status: int
) -> None:
    answer = client.put(path, json=body, headers={"If-Match": "*"})
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"code", "message", "fix"}
    assert office.rows("corrections") == []


def test_check_that_fails_is_overruled_when_the_paper_says_so(client: TestClient) -> None:
    body = {"value": "DE136695977", "anyway": True}
    answer = client.put("/v1/documents/1/fields/tax_no", json=body, headers={"If-Match": "*"})
    assert answer.json()["fields"]["tax_no"]["level"] == "confirmed"


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({}, b'{"value": "6"}', 428),
        ({"If-Match": "abc"}, b'{"value": "6"}', 400),
        ({"If-Match": 'W/"*"'}, b'{"value": "6"}', 412),
        ({"If-Match": "*", "Content-Type": "text/plain"}, b'{"value": "6"}', 415),
        ({"If-Match": "*"}, b"{", 422),
        ({"If-Match": "*"}, b'{"value": "\xff"}', 422),
    ],
)
def test_headers_and_bodies_that_are_wrong(
    client: TestClient, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = client.put(TAX, content=content, headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == status, answer.text


def test_document_that_somebody_has_open_is_left_alone(desk: Desk, client: TestClient) -> None:
    reviews.lock(desk.db, 1, "bert", desk.clock.now(), 60)
    answer = client.put(TAX, json={"value": "6"}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (409, "locked")
