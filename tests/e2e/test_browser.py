"""The pages in Chromium, as somebody uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ingestd.document import Level, Status
from ingestd.store.documents import load_extraction
from tests.support import records
from tests.support.browser import chromium, drop, opened
from tests.support.office import Office, Seed, invoice, served
from tests.support.places import ROOT
from tests.support.process import Installation

pytestmark = pytest.mark.timeout(600)

DOCUMENTS = 40
MAX_KEYS = 8
"""Per document, on average."""
COUNT_MOUSE = """
window.mouse = 0;
for (const kind of ["pointerdown", "mousedown", "click", "wheel"])
    addEventListener(kind, (event) => { if (event.isTrusted && event.detail !== 0) window.mouse += 1; }, true);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@dataclass
class Clerk:
    """Somebody who looks at the picture, knows what it says, and has only a keyboard."""

    page: Page
    keys: int = 0
    asked: dict[int, set[str]] = field(default_factory=dict)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)

    @property
    def place(self) -> tuple[int, str, str]:
        """Document, field in question and the text in its input."""
        number, name, text = self.page.evaluate(
            """() => {
                const card = document.querySelector(".doubt.active");
                const link = document.querySelector(".about .name").getAttribute("href");
                return [Number(link.split("/").at(-1)), card.dataset.name, card.querySelector("input").value];
            }"""
        )
        return number, name, text

    def settle_one_doubt(self, truth: str) -> None:
        """Make the field in question say what the paper says, with few keys, when the next document is ready."""
        number, name, text = self.place
        self.asked.setdefault(number, set()).add(name)
        if text != truth:
            rivals = self.page.locator(".doubt.active .rivals b").all_text_contents()
            if truth in rivals:
                for _ in range(1 + rivals.index(truth)):
                    self.press("ArrowDown")
            else:
                self.type(truth.removesuffix(".00"))
        self.page.wait_for_selector("#desk:not([data-ready='0'])")
        before = f"{number} {name}"
        self.press("Enter")
        self.page.wait_for_function(
            """(before) => {
                if (!document.getElementById("empty").hidden) return true;
                const card = document.querySelector(".doubt.active");
                const link = document.querySelector(".about .name").getAttribute("href");
                return card && `${link.split("/").at(-1)} ${card.dataset.name}` !== before;
            }""",
            arg=before,
        )

    @property
    def is_finished(self) -> bool:
        return self.page.locator("#empty").is_visible()


def normal(text: str) -> str:
    return text.replace(",", "")


def settle_all(page: Page, seeds: list[Seed]) -> Clerk:
    truths = {seed.id: seed.truth for seed in seeds}
    clerk = Clerk(page)
    page.wait_for_selector(".doubt.active")
    while not clerk.is_finished:
        number, name, _ = clerk.place
        clerk.settle_one_doubt(normal(truths[number][name]))
    return clerk


def test_forty_documents_are_settled_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    office = Office(tmp_path)
    seeds = office.seed(DOCUMENTS)
    assert all(load_extraction(office.db, seed.id).status is Status.REVIEW for seed in seeds)
    with served(office) as address, opened(browser, "about:blank") as page:
        page.add_init_script(COUNT_MOUSE)
        page.goto(f"{address}/review")
        clerk = settle_all(page, seeds)
        assert page.evaluate("window.mouse") == 0
        painted_ms = page.evaluate("performance.getEntriesByName('next document').map((one) => one.duration)")
    assert len(painted_ms) >= DOCUMENTS - 1
    print(f"{clerk.keys / DOCUMENTS:.1f} keys per document; next painted after", sorted(map(round, painted_ms)), "ms")
    assert clerk.keys <= MAX_KEYS * DOCUMENTS
    for seed in seeds:
        extraction = load_extraction(office.db, seed.id)
        fields = {one.name: one for one in extraction.fields}
        assert extraction.status is Status.DONE
        for name in clerk.asked[seed.id]:
            assert fields[name].level in (Level.PROVED, Level.CONFIRMED), (seed.id, name)
            assert fields[name].value == normal(seed.truth[name])
        for name, text in seed.truth.items():
            assert fields[name].value in (None, normal(text))


def test_sums_are_proved_again_while_somebody_types_and_undone_documents_come_back(
    browser: Browser, tmp_path: Path
) -> None:
    office = Office(tmp_path)
    [_, seed] = office.seed(2)
    with served(office) as address, opened(browser, f"{address}/review/{seed.id}") as page:
        clerk = Clerk(page)
        page.wait_for_selector(".doubt.active")
        assert clerk.place[:2] == (seed.id, "net")
        expect(page.locator(".doubt.active .is")).to_contain_text("conflict")
        clerk.press("Enter")
        expect(page.locator(".doubt.active")).to_have_attribute("data-name", "tax")
        clerk.press("Enter")
        expect(page.locator(".doubt.active")).to_have_attribute("data-name", "total")
        clerk.type(normal(seed.truth["total"]))
        expect(page.locator(".doubt.active .is")).to_contain_text("proved")
        clerk.press("Enter")
        expect(page.locator(".about .name")).not_to_have_attribute("href", f"/documents/{seed.id}")
        clerk.press("Control+z")
        expect(page.locator(".about .name")).to_have_attribute("href", f"/documents/{seed.id}")
        clerk.press("F8")
        clerk.type("ask the shop")
        clerk.press("Enter")
        expect(page.locator(".about .name")).not_to_have_attribute("href", f"/documents/{seed.id}")
        clerk.press("F9")
        clerk.press("Enter")
        expect(page.locator("#empty")).to_be_visible()
    assert office.db.execute("SELECT document_id, note FROM reviews").fetchall() == [(seed.id, "ask the shop")]
    assert office.db.execute("SELECT rule FROM documents ORDER BY id").fetchone() == ("other",)


def test_clicked_line_and_dragged_box_give_their_text(browser: Browser, tmp_path: Path) -> None:
    office = Office(tmp_path)
    seed = office.seed(3)[2]
    with served(office) as address, opened(browser, f"{address}/review/{seed.id}") as page:
        page.wait_for_selector(".doubt.active")
        value = page.locator(".doubt.active input")
        page.keyboard.press("F2")
        page.locator(".stage .line", has_text="Contoso").click()
        expect(value).to_have_value("Contoso Retail plc")
        box = page.locator(".stage .line", has_text="VAT No").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.32, box["y"] - 4)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] + 6, box["y"] + box["height"] + 4, steps=4)
        page.mouse.up()
        expect(value).to_have_value("GB 980 7806 84")


def test_one_field_of_many_documents_is_settled_row_by_row(browser: Browser, tmp_path: Path) -> None:
    office = Office(tmp_path)
    for number in range(3):
        # The first days of May may be the fifth day of other months.
        office.record(invoice(number, 5, 10_000 + number)[0])
    with served(office) as address, opened(browser, f"{address}/review/group?field=date") as page:
        settled = page.locator(".group li.settled")
        expect(page.locator(".group li")).to_have_count(3)
        for count, key in ((1, "Enter"), (2, "Enter"), (1, "Control+z"), (2, "Enter")):
            page.keyboard.press(key)
            expect(settled).to_have_count(count)
    assert office.db.execute("SELECT count(*) FROM documents WHERE status = 'done'").fetchone() == (2,)


def test_a_dropped_picture_is_read_at_once(browser: Browser, tmp_path: Path) -> None:
    with served(Office(tmp_path)) as address, opened(browser, address) as page:
        drop(page, ROOT / "samples" / "receipt.png", "image/png")
        page.wait_for_selector("#result .lines li")
        assert len(page.locator("#result .lines li").all()) > 5
        page.wait_for_selector("#result .picture polygon")


def test_a_dropped_document_is_recorded_while_one_looks(browser: Browser, tmp_path: Path) -> None:
    place = Installation(tmp_path / "place", more="web: {port: 0}\n")
    with place.running(), served(place) as address, opened(browser, f"{address}/documents") as page:
        drop(page, ROOT / "samples" / "receipt.png", "image/png")
        page.locator("#uploads a").click()
        expect(page.locator(".facts").first).to_contain_text("total")
    assert place.documents() == ["receipt.png"]


def test_part_of_a_chinese_name_finds_its_document(browser: Browser, tmp_path: Path) -> None:
    office = Office(tmp_path)
    records.save(office.db, records.record("a.pdf", fields={"merchant": "永辉超市"}))
    records.save(office.db, records.record("b.pdf", text=("上海",), fields={"merchant": "华联商厦"}))
    with served(office) as address, opened(browser, f"{address}/documents", locale="zh-CN") as page:
        page.get_by_role("searchbox").fill("永辉")
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator(".list .seller")).to_have_text(["永辉超市"])
        expect(page.locator("h1")).to_have_text("单据")
