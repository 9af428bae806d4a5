"""The review desk: the queue with its locks, proofs while typing, settling and undoing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestd.document import Level, Status
from ingestd.extract import extract
from ingestd.store.documents import load_extraction
from ingestd.web.tokens import Role
from tests.support import records
from tests.support.corrections import PAGE, rules
from tests.support.desk import OWN, Desk
from tests.support.extraction import TODAY, typed


class Reviewed(Desk):
    """A desk whose rules have a sum and a checksum."""

    def __init__(self, root: Path, web: str = "{}") -> None:
        super().__init__(root, web, rules=rules(root / "rules"))
        self.rules = self.app.state.services.rules

    def record(self, name: str, page: str = PAGE) -> int:
        reading = typed(page)
        return records.save(
            self.db,
            replace(records.record(name), reading=reading, extraction=extract(reading, self.rules, TODAY)),
        )

    def status(self, number: int) -> Status:
        return load_extraction(self.db, number).status

    def levels(self, number: int) -> dict[str, Level]:
        return {field.name: field.level for field in load_extraction(self.db, number).fields}


@pytest.fixture
def desk(tmp_path: Path) -> Reviewed:
    return Reviewed(tmp_path)


def ask(client: TestClient, address: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(address, json=body, headers=OWN)
    assert answer.status_code == status, answer.text
    return answer.json()


def values(**texts: str) -> list[dict[str, str]]:
    return [{"field": name, "text": text} for name, text in texts.items()]


def test_page_needs_the_role_and_shows_no_markup_of_its_address(desk: Reviewed) -> None:
    page = desk.client.get('/review?kind="><script>alert(1)</script>').text
    assert "<script>alert" not in page
    assert desk.client.get("/review/99999999999999999999").status_code == 404
    reader = desk.with_token(Role.READ)
    assert reader.get("/review").status_code == 403
    assert reader.post("/review/next", json={}).status_code == 403


def test_next_document_comes_with_doubts_fields_lines_and_pages(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    answer = ask(desk.client, "/review/next")
    sheet = answer["document"]
    assert answer["waiting"] == 1
    assert (sheet["id"], sheet["name"]) == (number, "a.pdf")
    assert sheet["asked"] == ["net", "tax", "total", "tax_no"]
    fields = {field["name"]: field for field in sheet["fields"]}
    assert fields["total"]["value"] == "106.00" and len(fields["total"]["quad"]) == 8
    assert fields["total"]["reasons"]
    assert sheet["pages"][0]["picture"] == f"/v1/documents/{number}/pages/0.png"
    assert "Total" in [line["text"] for line in sheet["lines"]]


def test_largest_total_comes_first_and_nothing_twice(desk: Reviewed) -> None:
    small = desk.record("a.pdf")
    large = desk.record("b.pdf", PAGE.replace("106.00", "9106.00"))
    assert ask(desk.client, "/review/next")["document"]["id"] == large
    assert ask(desk.client, "/review/next", skip=[large])["document"]["id"] == small
    assert ask(desk.client, "/review/next", skip=[large, small])["document"] is None


def test_two_people_never_have_one_document(desk: Reviewed) -> None:
    first, second = desk.record("a.pdf"), desk.record("b.pdf")
    anna, ben = desk.with_token(Role.REVIEW, "anna"), desk.with_token(Role.REVIEW, "ben")
    of_anna = ask(anna, "/review/next")["document"]
    of_ben = ask(ben, "/review/next")["document"]
    assert {of_anna["id"], of_ben["id"]} == {first, second}
    refused = ask(ben, f"/review/{of_anna['id']}/open", 409)
    assert refused["code"] == "locked" and "anna" in refused["message"]
    refused = ask(
        ben, f"/review/{of_anna['id']}/settle", 409, version=of_anna["version"], values=values(tax="6", tax_no="")
    )
    assert refused["code"] == "locked"
    assert ask(ben, "/review/next", skip=[of_ben["id"]])["document"] is None
    ask(anna, "/review/close", at_hand=[of_anna["id"]])
    assert ask(ben, f"/review/{of_anna['id']}/open")["document"]["id"] == of_anna["id"]


def test_lock_ends_by_itself_unless_it_is_kept(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    anna, ben = desk.with_token(Role.REVIEW, "anna"), desk.with_token(Role.REVIEW, "ben")
    ask(anna, "/review/next")
    desk.clock.move(200)
    assert ask(anna, "/review/keep", at_hand=[number]) == {"at_hand": [number]}
    desk.clock.move(200)
    assert ask(ben, "/review/next")["document"] is None
    desk.clock.move(200)
    assert ask(ben, "/review/next")["document"]["id"] == number
    assert ask(anna, "/review/keep", at_hand=[number]) == {"at_hand": []}


def test_each_keystroke_proves_again(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    wrong = {one["name"]: one for one in ask(desk.client, f"/review/{number}/judge", texts={"tax": "7"})["fields"]}
    assert wrong["tax"]["value"] == "7.00" and wrong["tax"]["level"] == "conflict"
    assert wrong["total"]["inDoubt"]
    right = {one["name"]: one for one in ask(desk.client, f"/review/{number}/judge", texts={"tax": "6"})["fields"]}
    assert right["tax"]["level"] == "proved"
    assert [name for name, one in right.items() if one["inDoubt"]] == ["tax_no"]
    none = {one["name"]: one for one in ask(desk.client, f"/review/{number}/judge", texts={"tax": "6,,"})["fields"]}
    assert none["tax"]["error"] and none["tax"]["value"] is None
    checked = ask(desk.client, f"/review/{number}/judge", texts={"tax_no": "DE136695977"})["fields"]
    assert [one["isRefused"] for one in checked if one["name"] == "tax_no"] == [True]
    assert desk.status(number) is Status.REVIEW


def test_settled_document_leaves_the_queue_and_can_come_back(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    sheet = ask(desk.client, "/review/next")["document"]
    settled = values(tax="6", tax_no="DE 136 695 976")
    assert ask(desk.client, f"/review/{number}/settle", version=sheet["version"], values=settled) == {"document": None}
    assert desk.status(number) is Status.DONE
    assert desk.levels(number) | {"date": Level.MISSING} == {
        "net": Level.PROVED,
        "tax": Level.CONFIRMED,
        "total": Level.PROVED,
        "tax_no": Level.CONFIRMED,
        "date": Level.MISSING,
    }
    again = ask(desk.client, f"/review/{number}/undo")["document"]
    assert "tax" in again["asked"] and desk.status(number) is Status.REVIEW
    assert ask(desk.client, f"/review/{number}/undo", 409)["code"] == "nothing"


def test_document_that_is_not_done_comes_back_with_what_is_left(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    version = ask(desk.client, "/review/next")["document"]["version"]
    left = ask(desk.client, f"/review/{number}/settle", version=version, values=values(tax="6"))["document"]
    assert left["asked"] == ["tax_no"] and left["version"] != version
    assert (
        ask(desk.client, f"/review/{number}/settle", 412, version=version, values=values(tax="5"))["code"] == "changed"
    )


def test_value_whose_own_check_fails_is_taken_only_where_the_person_insists(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    version = ask(desk.client, "/review/next")["document"]["version"]
    body = {"version": version, "values": values(tax="6", tax_no="DE136695977")}
    assert ask(desk.client, f"/review/{number}/settle", 422, **body)["code"] == "check"
    assert desk.levels(number)["tax"] is Level.CONFLICT
    assert ask(desk.client, f"/review/{number}/settle", **body, anyway=True) == {"document": None}


def test_document_of_no_kind_is_done(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    version = ask(desk.client, "/review/next")["document"]["version"]
    ask(desk.client, f"/review/{number}/settle", version=version, values=[{"field": "@rule", "text": "other"}])
    assert load_extraction(desk.db, number).rule == "other"


def test_document_put_off_comes_last_with_its_note(desk: Reviewed) -> None:
    first, second = desk.record("a.pdf"), desk.record("b.pdf")
    ask(desk.client, f"/review/{first}/later", note="ask <b>Mr Tan")
    assert ask(desk.client, "/review/next")["document"]["id"] == second
    put_off = ask(desk.client, "/review/next", skip=[second])["document"]
    assert (put_off["id"], put_off["note"]) == (first, "ask <b>Mr Tan")
    assert ask(desk.client, f"/review/{first}/undo")["document"]["note"] is None
    assert ask(desk.client, "/review/next")["document"]["id"] == first


def test_box_on_the_picture_gives_a_value_of_the_field(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    sheet = ask(desk.client, "/review/next")["document"]
    line = next(line for line in sheet["lines"] if line["text"] == "106.00")
    box = [line["quad"][0] - 5, line["quad"][1] - 5, line["quad"][4] + 5, line["quad"][5] + 5]
    found = ask(desk.client, f"/review/{number}/take", field="total", page=0, box=box)
    assert found["text"] == "106.00" and len(found["quad"]) == 4
    nothing = ask(desk.client, f"/review/{number}/take", field="total", page=3, box=box)
    assert nothing == {"text": None, "quad": None}


def test_value_taken_from_the_page_keeps_its_place(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    version = ask(desk.client, "/review/next")["document"]["version"]
    quad = [[1, 2], [3, 2], [3, 4], [1, 4]]
    taken = [{"field": "tax", "text": "6", "page": 0, "quad": quad, "seconds": 2.5}]
    ask(desk.client, f"/review/{number}/settle", version=version, values=taken)
    field = next(one for one in load_extraction(desk.db, number).fields if one.name == "tax")
    assert field.quad == ((1, 2), (3, 2), (3, 4), (1, 4))


def test_reasons_are_said_in_the_language_of_the_browser(desk: Reviewed) -> None:
    desk.record("a.pdf")
    answer = desk.client.post("/review/next", json={}, headers={**OWN, "Accept-Language": "zh-CN"}).json()
    assert "价税合计" in [field["label"] for field in answer["document"]["fields"]]


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("next", {"skip": [0]}, 422),
        ("next", {"skip": list(range(1, 200))}, 422),
        ("next", {"more": 1}, 422),
        ("7/open", {}, 404),
        ("7/judge", {"texts": {"total": "x" * 301}}, 422),
        ("7/judge", {"texts": {}}, 404),
        ("7/take", {"field": "total", "page": 0, "box": [0, 0, 1]}, 422),
        ("7/settle", {"version": "x", "values": []}, 422),
        ("7/settle", {"version": "x", "values": [{"field": "total", "text": "1"}]}, 404),
        ("7/later", {"note": "x" * 501}, 422),
        ("7/later", {}, 404),
        ("7/undo", {}, 404),
    ],
)
def test_what_cannot_be_asked_is_refused(desk: Reviewed, address: str, body: dict[str, Any], status: int) -> None:
    ask(desk.client, f"/review/{address}", status, **body)


def test_changes_from_another_site_are_refused(desk: Reviewed) -> None:
    number = desk.record("a.pdf")
    for address in ("next", "keep", "close", f"{number}/settle", f"{number}/undo", f"{number}/later"):
        answer = desk.client.post(f"/review/{address}", json={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, address


def test_queue_is_a_list_with_notes_and_fields_in_conflict(desk: Reviewed) -> None:
    first, second = desk.record("a.pdf"), desk.record("<b>.pdf")
    ask(desk.client, f"/review/{first}/later", note="ask <i>Mr Tan")
    page = desk.client.get("/review/queue").text
    assert page.index(f"/review/{second}") < page.index(f"/review/{first}")
    assert "ask &lt;i&gt;Mr Tan" in page and "<b>.pdf" not in page
    assert "/review/group?field=total" in page
    assert "Nothing waits" in desk.client.get("/review/queue?kind=invoice").text


def test_group_shows_one_field_of_many_documents_and_opens_them(desk: Reviewed) -> None:
    anna, ben = desk.with_token(Role.REVIEW, "anna"), desk.with_token(Role.REVIEW, "ben")
    numbers = [desk.record(f"{n}.pdf") for n in range(3)]
    desk.record("good.pdf", PAGE.replace("8.00", "6.00"))
    page = anna.get("/review/group?field=tax").text
    for number in numbers:
        assert f'href="/review/{number}"' in page
    assert "/review/4" not in page, "its tax is proved"
    assert "data-row" not in ben.get("/review/group?field=tax").text
    assert "data-row" not in anna.get("/review/group?field=nothing").text
