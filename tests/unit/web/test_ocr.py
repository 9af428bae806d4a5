"""``POST /ocr``: the design's own API."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ingestd.document import Claim, Record
from ingestd.errors import AttemptError, DocumentError, TimeLimitError, TransientError
from ingestd.web.tokens import Role
from tests.support.desk import OWN, Desk
from tests.support.world import png

PICTURE = {"image": ("发票.jpg", png("good"), "image/jpeg")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def failing(error: Exception) -> Callable[[Claim], Record]:
    def work(claim: Claim) -> Record:
        raise error

    return work


def test_a_program_on_this_machine_posts_a_picture(desk: Desk) -> None:
    answer = desk.client.post("/ocr", files=PICTURE)
    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "msg": "success", "text": ["永辉超市", "Total 12.50"], "cost_time": 0.0}


def test_nothing_is_recorded_or_left_behind(desk: Desk) -> None:
    desk.client.post("/ocr", files=PICTURE)
    [claim] = desk.engine.claims
    assert not claim.work_path.exists()
    assert not list(claim.work_path.parent.iterdir())
    assert desk.db.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_name_of_the_sender_is_no_path(desk: Desk) -> None:
    for name in ("../../etc/passwd", "C:\\x\\y.png", "<script>.png", "\0"):
        desk.client.post("/ocr", files={"image": (name, png("good"))})
    assert [claim.source_path.parent for claim in desk.engine.claims] == [Path()] * len(desk.engine.claims)
    folders = {claim.work_path.parent for claim in desk.engine.claims}
    assert len(folders) == 1 and len({claim.work_path.name for claim in desk.engine.claims}) == len(desk.engine.claims)


def test_boxes_add_places_confidence_and_fields(desk: Desk) -> None:
    answer = desk.client.post("/ocr?boxes=1", files=PICTURE).json()
    assert answer["text"] == [line["text"] for line in answer["lines"]]
    assert len(answer["lines"][0]["quad"]) == 4
    assert answer["lines"][0]["confidence"] == 0.9
    assert {field["name"]: field["value"] for field in answer["fields"]} == {
        "merchant": "永辉超市",
        "total": "12.50",
        "date": None,
    }
    assert answer["tables"] == []
    assert answer["pages"] == [{"page_index": 0, "width_px": 1000, "height_px": 1400}]


@pytest.mark.parametrize("query", ["boxes=2", "boxes=true", "boxes=%00"])
def test_wrong_option_is_an_error(desk: Desk, query: str) -> None:
    assert desk.client.post(f"/ocr?{query}", files=PICTURE).status_code == 400


def error_of(code: str) -> DocumentError:
    return DocumentError("found it", expected="another", fix="do so", code=code)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (error_of("unsupported"), 415),
        (error_of("too-large"), 413),
        (error_of("damaged"), 422),
        (error_of("encrypted"), 422),
        (TimeLimitError("took long"), 504),
        (AttemptError("died"), 500),
        (TransientError("no memory"), 503),
    ],
)
def test_errors_have_an_honest_status_and_the_shape_of_the_answer(desk: Desk, error: Exception, status: int) -> None:
    desk.engine.work = failing(error)
    answer = desk.client.post("/ocr", files=PICTURE)
    assert answer.status_code == answer.json()["code"] == status
    assert set(answer.json()) == {"code", "msg", "text", "cost_time"}
    assert answer.json()["text"] == []
    assert ("retry-after" in answer.headers) == (status == 503)
    if status in (415, 422):
        assert answer.json()["msg"] == "found it; expected another; do so"


def test_requests_without_a_picture(desk: Desk) -> None:
    other = desk.client.post("/ocr", files={"file": ("a.png", b"x")})
    text = desk.client.post("/ocr", data={"image": "x"}, files={"other": ("", b"")})
    two = desk.client.post("/ocr", files=[("image", ("a", b"1")), ("image", ("b", b"2"))])
    raw = desk.client.post("/ocr", content=b"\x89PNG", headers={"Content-Type": "image/png"})
    broken = desk.client.post("/ocr", content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=y"})
    headless = desk.client.post("/ocr", content=b"", headers={"Content-Type": "multipart/form-data"})
    statuses = [answer.status_code for answer in (other, text, two, raw, broken, headless)]
    assert statuses == [400, 400, 400, 415, 400, 400]
    assert all(answer.json()["code"] == answer.status_code for answer in (other, text, two, raw, broken, headless))


def test_parts_without_end_are_refused(desk: Desk) -> None:
    fields = {f"f{number}": "x" for number in range(50)}
    assert desk.client.post("/ocr", data=fields, files=PICTURE).status_code == 400
    many = [("image", (f"{number}.png", b"x")) for number in range(50)]
    assert desk.client.post("/ocr", files=many).status_code == 400
    assert desk.client.post("/ocr", data={"a": "x" * (2 << 20)}, files=PICTURE).status_code == 400


def test_too_large_a_picture_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, more="admit: {max_bytes: 1000}")
    answer = desk.client.post("/ocr", files={"image": ("a.png", bytes(70_000))})
    assert (answer.status_code, answer.json()["code"]) == (413, 413)
    assert desk.engine.claims == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Referer": "http://evil.example/"},
        {"Cookie": "a=b"},
    ],
)
def test_another_site_reads_nothing(desk: Desk, headers: dict[str, str]) -> None:
    answer = desk.client.post("/ocr", files=PICTURE, headers=headers)
    assert answer.status_code == answer.json()["code"] == 403
    assert desk.engine.claims == []


def test_page_itself_reads_and_tokens_close_the_door(desk: Desk) -> None:
    assert desk.client.post("/ocr", files=PICTURE, headers=OWN).status_code == 200
    program = desk.with_token(Role.READ)
    assert desk.client.post("/ocr", files=PICTURE).status_code == 403
    assert desk.client.post("/ocr", files=PICTURE, headers=OWN).status_code == 401
    assert program.post("/ocr", files=PICTURE).status_code == 200


def test_busy_workers_turn_requests_away_and_recover(desk: Desk) -> None:
    """Two workers and four places to wait: of 200 at once the others are told when to come back."""
    desk = Desk(desk.root, "{waiting: 4, requests_per_s: 1000}")

    def post(client: TestClient) -> int:
        answer = client.post("/ocr", files=PICTURE)
        if answer.status_code == 503:
            assert answer.json()["code"] == 503
            assert int(answer.headers["retry-after"]) > 0
        return answer.status_code

    desk.engine.hold = True
    with desk.client as client, ThreadPoolExecutor(200) as pool:
        futures = [pool.submit(post, client) for _ in range(200)]
        first = list(islice(as_completed(futures, timeout=30), 194))
        assert {future.result() for future in first} == {503}
        assert len(desk.engine.held) == 6
        desk.engine.go()
        assert sorted(future.result() for future in futures) == [200] * 6 + [503] * 194
        desk.engine.hold = False
        assert post(client) == 200


def test_snippet_of_the_standard_library_is_a_multipart_like_any_other(desk: Desk) -> None:
    boundary = "----snippet"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body += png("good") + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request("http://127.0.0.1:5000/ocr", body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    answer = desk.client.post("/ocr", content=body, headers=dict(request.header_items()))
    assert answer.json()["code"] == 0
