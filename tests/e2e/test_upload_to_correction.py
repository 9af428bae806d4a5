"""A document by the API alone: uploaded, read by the daemon, looked at and corrected."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.web_process import WebProcess, serving

pytestmark = pytest.mark.timeout(300)

LETTER = pdf(PdfPage([Text(10, 50, "Kwazula 12.50")], size=(220, 110)))


def ask(
    web: WebProcess, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=120)) as connection:
        connection.request(method, path, body, {"Authorization": f"Bearer {web.token}", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def upload(web: WebProcess, name: str, content: bytes) -> str:
    """Address of the job."""
    head = f'--b\r\nContent-Disposition: form-data; name="document"; filename="{name}"\r\n\r\n'.encode()
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    status, headers, body = ask(web, "POST", "/v1/documents", head + content + b"\r\n--b--\r\n", form)
    assert status == 202, body
    return headers["location"]


def get(web: WebProcess, path: str) -> Any:
    status, _, body = ask(web, "GET", path)
    assert status == 200, body
    return json.loads(body)


def test_document_by_the_api_alone(tmp_path: Path) -> None:
    with serving(tmp_path / "place", "engine: {workers: 1}\n") as web:
        place = web.place
        job = upload(web, "letter.pdf", LETTER)
        assert get(web, job)["state"] == "arrived"
        once = place.command("run", "--once")
        assert once.returncode == 0, once.stderr
        done = get(web, job)
        assert (done["state"], done["name"]) == ("done", "letter.pdf")
        assert [state for (state,) in place.query("SELECT state FROM jobs")] == ["done"], "one file is one job"
        document = f"/v1/documents/{done['document_id']}"
        assert "Kwazula" in get(web, document)["text"]
        assert ask(web, "GET", f"{document}/original")[2] == LETTER
        status, headers, picture = ask(web, "GET", f"{document}/pages/0.png")
        assert (status, headers["content-type"], picture[:4]) == (200, "image/png", b"\x89PNG")
        assert ask(web, "GET", f"{document}/pages/1.png")[0] == 404

        version = ask(web, "GET", document)[1]["etag"]
        change = {"If-Match": version, "Content-Type": "application/json"}
        status, _, body = ask(web, "PUT", f"{document}/kind", b'{"value": "other"}', change)
        assert (status, json.loads(body)["status"]) == (200, "done"), body
        assert get(web, document)["rule"] == "other"
        verified = place.command("verify")
        assert verified.returncode == 0, verified.stdout
        [sidecar] = [path for path in place.files("archive") if path.endswith(".json")]
        written = json.loads((place.root / "archive" / sidecar).read_bytes())
        assert [one["corrected_by"] for one in written["corrections"]] == ["anna"]


def test_views_and_exports_show_what_a_person_said(tmp_path: Path) -> None:
    rows = (
        "Invoice No. A-1234",
        "SAMPLE & SONS LTD",
        "Date: 15/11/2025",
        "Subtotal  10.00",
        "VAT  2.00",
        "Total  12.00",
    )
    texts = [Text(10, 190 - 30 * place, row) for place, row in enumerate(rows)]
    with serving(tmp_path / "place", "engine: {workers: 1}\n") as web:
        place = web.place
        (place.inbox / "receipt.pdf").write_bytes(pdf(PdfPage(texts, size=(300, 230))))
        assert place.command("run", "--once").returncode == 0
        shown = "SELECT merchant, merchant_level, total FROM receipts"
        assert place.query(shown)[0][0] != "Sample and Sons"
        document = "/v1/documents/1"
        change = {"If-Match": ask(web, "GET", document)[1]["etag"], "Content-Type": "application/json"}
        status, _, body = ask(web, "PUT", f"{document}/fields/merchant", b'{"value": "Sample and Sons"}', change)
        assert status == 200, body
        for command in (("status",), ("extract", "--all")):  # the second applies the rules again
            assert place.command(*command).returncode == 0
            assert place.query(shown) == [("Sample and Sons", "confirmed", "12.00")]
            assert place.query("SELECT seller_name FROM invoices") == [("Sample and Sons",)], (
                "the same under its other name"
            )
        assert "Sample and Sons" in place.command("export", "--format", "csv", "--table", "receipts").stdout
