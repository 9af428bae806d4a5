from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
import zxingcpp

from ingestd.extract.values.invoice_qr import cn_invoice_qr
from ingestd.extract.values.validate import CheckOutcome, cn_invoice_code, cn_invoice_no, cn_tax_no, gb_vat, my_gst
from ingestd.layout.geometry import bounds
from lab.corpus import INVOICE_KINDS, KINDS, Features, composed, render
from lab.corpus import invoice as invoices
from lab.corpus.fonts import FACES, BuiltinFonts, FontMissingError, InstalledFonts
from lab.corpus.sheet import Text

PLAIN = Features()
SEEDS = range(40)


def printed(kind: str, seed: int, features: Features | None = None) -> str:
    """Everything that stands on a document, run together."""
    sheets = composed(kind, seed, features).sheets
    return " ".join(shape.text for sheet in sheets for shape in sheet.shapes if isinstance(shape, Text))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_with_its_lines_inside_the_page(kind: str) -> None:
    document = render(kind, 1, fonts=BuiltinFonts())
    for page in document.pages:
        width, height = page.image.size
        assert page.lines
        for quad, text in page.lines:
            left, top, right, bottom = bounds(quad)
            assert 0 <= left < right <= width and 0 <= top < bottom <= height, text
        assert np.asarray(page.image).std() > 5, "something is drawn"
    codes = [code.text for page in document.pages for code in zxingcpp.read_barcodes(page.image)]
    assert codes == list(document.codes)


def test_lines_are_where_the_ink_is() -> None:
    page = render("receipt-uk", 2, fonts=BuiltinFonts()).pages[0]
    grey = np.asarray(page.image.convert("L"), np.float32)
    for quad, text in page.lines:
        left, top, right, bottom = (round(edge) for edge in bounds(quad))
        if not text.strip("- "):
            continue
        assert grey[top:bottom, left:right].min() < 160, text
        assert grey[bottom + 2 : bottom + 6, left:right].min() > 200, f"{text} does not reach below its box"


def test_the_same_seed_gives_the_same_pixels_and_another_seed_another_document() -> None:
    first, again = (render("cn-special", 3, fonts=BuiltinFonts()) for _ in range(2))
    assert first.truth == again.truth
    assert first.pages[0].image.tobytes() == again.pages[0].image.tobytes()
    assert composed("cn-special", 4).truth != first.truth


@pytest.mark.parametrize("kind", KINDS)
def test_truth_is_printed_and_its_sums_are_right(kind: str) -> None:
    for seed in SEEDS:
        truth = composed(kind, seed).truth
        text = printed(kind, seed)
        for name in ("invoice_code", "invoice_no", "buyer_name", "seller_name", "buyer_tax_no", "seller_tax_no"):
            assert truth.get(name, "") in text
        for name in ("merchant", "receipt_no"):
            assert truth.get(name, "") in text
        for name in ("net", "tax", "rounding", "total", "paid", "change"):
            assert truth.get(name, "") in text.replace(",", ""), f"{name} of {kind} {seed}"
        for name in ("check_code", "tax_no"):
            assert truth.get(name, "") in text.replace(" ", "")
        if "net" in truth:
            net, tax, total = (Decimal(truth.get(name, "0.00")) for name in ("net", "tax", "total"))
            assert net + tax + Decimal(truth.get("rounding", "0.00")) == total
        if "paid" in truth:
            assert Decimal(truth["paid"]) - Decimal(truth["change"]) == Decimal(truth["total"])


@pytest.mark.parametrize("kind", INVOICE_KINDS)
def test_numbers_of_chinese_invoices_pass_the_checks_that_exist(kind: str) -> None:
    for seed in SEEDS:
        made = composed(kind, seed)
        truth = made.truth
        assert cn_tax_no(truth["seller_tax_no"]).outcome is CheckOutcome.PROVED
        assert cn_tax_no(truth["buyer_tax_no"]).outcome is CheckOutcome.PROVED
        assert cn_invoice_no(truth["invoice_no"]).outcome is CheckOutcome.PLAUSIBLE
        if "invoice_code" in truth:
            assert cn_invoice_code(truth["invoice_code"]).outcome is CheckOutcome.PLAUSIBLE
            start = 4 if len(truth["invoice_code"]) == 10 else 5
            assert 0 <= int(truth["date"][2:4]) - int(truth["invoice_code"][start : start + 2]) <= 1
        facts = {name: fact.value for fact in cn_invoice_qr(made.codes[0]) for name in fact.fields}
        assert facts["invoice_no"] == truth["invoice_no"]
        assert facts["date"] == truth["date"]


@pytest.mark.parametrize(("kind", "check"), [("receipt-uk", gb_vat), ("tax-invoice-uk", gb_vat)])
def test_british_numbers_have_right_check_digits(kind: str, check: type) -> None:
    assert all(check(composed(kind, seed).truth["tax_no"]).outcome is CheckOutcome.PROVED for seed in SEEDS)


def test_malaysian_receipts_are_rounded_to_five_sen() -> None:
    for seed in SEEDS:
        truth = composed("receipt-my", seed).truth
        assert int(truth["total"].replace(".", "")) % 5 == 0
        assert abs(Decimal(truth["rounding"])) <= Decimal("0.02")
        assert "multiple of 2048" in my_gst(truth["tax_no"]).reason


def test_red_invoices_are_negative_and_name_another_invoice() -> None:
    red = replace(PLAIN, red=True)
    for kind in INVOICE_KINDS:
        truth, text = composed(kind, 5, red).truth, printed(kind, 5, red)
        assert truth["total"].startswith("-") and "(负数)" in text
        assert ("对应正数发票" in text) or ("被红冲" in text) or ("红字" in text)


def test_discount_rows_are_negative_and_count() -> None:
    plain, less = (
        invoices.invoice(Random("x"), "cn-electronic", features) for features in (PLAIN, replace(PLAIN, discount=True))
    )
    assert all(row.amount > 0 for row in plain.items)
    taken = [row for row in less.items if row.amount < 0]
    assert taken and all(row.quantity is None for row in taken)
    assert less.net == sum(row.amount for row in less.items)


def test_listed_goods_are_on_the_second_page() -> None:
    made = composed("cn-special", 6, replace(PLAIN, listed=True))
    front, goods = ([shape.text for shape in sheet.shapes if isinstance(shape, Text)] for sheet in made.sheets)
    assert "(详见销货清单)" in front
    assert f"¥{made.truth['net']}" in front and f"¥{made.truth['net']}" in goods
    assert sum(text.isdigit() and int(text) < 20 for text in goods) >= 6, "rows are numbered"


def test_exempt_invoices_print_no_tax() -> None:
    made = composed("cn-digital-ordinary", 2, replace(PLAIN, exempt=True))
    assert "tax" not in made.truth and made.truth["net"] == made.truth["total"]
    assert "免税" in printed("cn-digital-ordinary", 2, replace(PLAIN, exempt=True))


def test_all_features_come_up_by_chance() -> None:
    drawn = [invoices.features(Random(seed), "cn-ordinary") for seed in range(200)]
    for name in ("red", "discount", "listed", "exempt"):
        assert 0 < sum(getattr(features, name) for features in drawn) < 100


def test_dates_are_printed_in_the_order_of_the_country() -> None:
    for kind, form in (("receipt-us", "%m/%d/%Y"), ("receipt-uk", "%d/%m/%Y"), ("cn-special", "%Y年%m月%d日")):
        issued = date.fromisoformat(composed(kind, 9).truth["date"])
        assert issued.strftime(form) in printed(kind, 9)


def test_a_missing_font_names_its_package(tmp_path: Path) -> None:
    with pytest.raises(FontMissingError, match="install the Debian package fonts-arphic-gkai00mp"):
        render("cn-special", 1, fonts=InstalledFonts(tmp_path))
    assert all(file.package.startswith("fonts-") for file in FACES.values())


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="cn-special, cn-ordinary"):
        render("cheque", 1, fonts=BuiltinFonts())
