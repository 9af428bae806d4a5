"""Papers that no rule file covers, each drawn to show one trap that real documents set."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ingestd.document import Extraction, Level, Status
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from ingestd.layout.geometry import as_quad
from tests.support.papers import PAPERS
from tests.support.places import ROOT

TODAY = date(2027, 1, 1)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def read(text: str, rules: RuleSet) -> Extraction:
    lines = [line[8:] for line in text.splitlines()]
    return extract(reading_of(RuleTest(name="paper", text="\n".join(lines))), rules, TODAY)


@pytest.mark.parametrize("name", PAPERS)
def test_every_field_is_right(name: str, rules: RuleSet) -> None:
    text, expected = PAPERS[name]
    fields = {field.name: field.value for field in read(text, rules).fields}
    wanted = dict(pair.split("=", 1) for pair in expected.split())
    assert {key: fields.get(key) for key in wanted} == wanted


def test_a_sum_with_labels_proves_all_three_amounts(rules: RuleSet) -> None:
    fields = {field.name: field for field in read(PAPERS["Dutch"][0], rules).fields}
    assert [fields[name].level for name in ("net", "tax", "total")] == [Level.PROVED] * 3
    assert any("200.00 + 42.00 = 242.00" in reason.text for reason in fields["total"].reasons)


def test_an_amount_below_the_subtotal_is_no_total_where_the_total_could_not_be_read(rules: RuleSet) -> None:
    receipt = """
        Corner Drugstore
        05/24/2022  1:10 PM
        ENERGY DRINK 6PK  8.79
        RETURN VALUE  8.79
        COLA 6PK  4.99
        RETURN VALUE  4.99
        KITCHEN SPONGE  4.79
        RETURN VALUE  4.79
        SUBTOTAL  18.57
        SALES TAX A=9.625%  1.93
        TOTAL
        CHANGE  .00
        """
    found = read(receipt, rules)
    fields = {field.name: field for field in found.fields}
    assert fields["total"].value != "8.79"
    assert fields["total"].level not in (Level.PROVED, Level.AGREED)
    assert found.status == "review"


def test_rivals_of_a_total_are_kept_with_their_places(rules: RuleSet) -> None:
    text, _ = PAPERS["a previous balance is not owed for this invoice"]
    (total,) = [field for field in read(text, rules).fields if field.name == "total"]
    assert "444.00" in {rival.value for rival in total.candidates}
    assert all(rival.quad is not None for rival in total.candidates)


def test_a_pay_slip_is_never_done(rules: RuleSet) -> None:
    slip = """
        Earnings Statement
        Period ending: 7/18/2008
        Pay date: 7/25/2008
        Gross Pay  $ 612.40
        Check total  $ 401.10
        """
    found = read(slip, rules)
    assert (found.rule, found.status) == ("pay-slip", "review")


def test_a_date_that_fits_two_orders_is_for_review(rules: RuleSet) -> None:
    found = read(
        """
        Westfield Supplies Ltd
        INVOICE
        Invoice No: 44521
        Invoice Date: 03/04/2023
        Subtotal            40.00
        Tax                  4.00
        Total               44.00
        """,
        rules,
    )
    assert found.status == "review"


def test_supplies_with_and_without_tax_make_one_net_amount(rules: RuleSet) -> None:
    fields = {
        field.name: field.value
        for field in read(
            """
        SPECIMEN BAKERIES LTD
        TAX INVOICE
        Invoice No: 7718F712
        Date: 18/10/2017
        Total 6% supplies (excl. GST):  12.24
        GST:                             0.73
        Total 6% supplies (Inc. GST):   12.97
        Total 0% supplies:              18.08
        Total Payable:                  31.05
        """,
            rules,
        ).fields
    }
    assert (fields["net"], fields["tax"], fields["total"]) == ("30.32", "0.73", "31.05")


def test_a_required_field_that_a_rule_misses_is_taken_from_the_understanding(rules: RuleSet) -> None:
    found = read(
        """
        SAMPLE FURNITURE SDN BHD
        40150 SHAH ALAM, SELANGOR
        RECEIPT # CS00633960
        DATE: 25/04/2017
        SUB-TOTAL            92.50
        GST                   1.50
        T                    94.00
        CASH                 94.00
        CHANGE                0.00
        """,
        rules,
    )
    fields = {field.name: field for field in found.fields}
    assert found.rule == "en-receipt"
    assert fields["total"].value == "94.00"


def test_a_value_of_a_rule_that_the_document_as_a_whole_contradicts_is_for_review(rules: RuleSet) -> None:
    """The rule takes the total before it was rounded."""
    found = read(
        """
        CONTOH MART SDN BHD
        GST ID. NO : 000181747712
        INVOICE NO : 17556/103/T0503
        DATE 24-01-16  09:23PM
        Total Sales (Inclusive GST)  RM 13.58
        Rounding Adjustment  RM .02
        Rounding  RM 13.60
        CASH  RM 14.00
        CHANGE  RM .40
        """,
        rules,
    )
    total = next(field for field in found.fields if field.name == "total")
    assert found.rule == "en-receipt"
    assert (total.value, total.candidates[0].value) == ("13.58", "13.60")
    assert total.probability is not None and total.probability < 0.5
    assert found.status == "review"


def test_a_tax_in_the_table_of_goods_and_the_sum_of_taxes_prove_nothing_together(rules: RuleSet) -> None:
    """200.00 + 16.00 is not 220.00; with the 4.00 of one article it would be."""
    found = read(
        """
        EJEMPLO SUMINISTROS S.L.
        FACTURA  NUMERO: F-2291
        FECHA DE EMISION: 15/09/2021
        REFERENCIA    DESCRIPCION           IVA     TOTAL
        A 11          Papel de oficina     12,00   140,00 €
        A 12          Archivadores          4,00    60,00 €
        SUBTOTAL                                   200,00 €
        TOTAL IVA                                   16,00 €
        TOTAL A PAGAR                              220,00 €
        """,
        rules,
    )
    fields = {field.name: field for field in found.fields}
    assert (fields["total"].value, fields["tax"].value) == ("220.00", "16.00")
    assert Level.PROVED not in {fields[name].level for name in ("net", "tax", "total")}
    assert found.status == "review"


def test_a_legal_form_in_a_box_of_its_own_belongs_to_the_name(rules: RuleSet) -> None:
    receipt = """
        SAMPLE & SONS  LTD
        12 Sample Street
        Date: 15/11/2022  09:58
        TOTAL  GBP  16.40
        """
    [merchant] = [field for field in read(receipt, rules).fields if field.name == "merchant"]
    assert merchant.value == "SAMPLE & SONS LTD"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hello World!\nDate: 16/05/2016", "unknown"),
        ("Film Data Sheet\nTitle: The Tenant\nNumber: 76\nDate: 1976-05-26", "unknown"),
        ("Dear Madam,\nDate: 3 March 2026\nyour order will be delivered on Monday.", "unknown"),
        ("Corner Shop\n12/05/2026\nMilk 1.20\nTotal 1.20", "receipt"),
        ("Corner Shop\nDate 12/05/2026\nTea 2450\nTotal 2450", "receipt"),
        ("银联商务\n持卡人存根\n交易日期: 2024-10-23", "receipt"),
        ("Invoice\nNo. 4711\nDate: 12/05/2026", "invoice"),
    ],
)
def test_a_date_beside_its_label_makes_no_receipt(text: str, kind: str, rules: RuleSet) -> None:
    assert extract(reading_of(RuleTest(name="paper", text=text)), rules, TODAY).rule == kind


def test_sender_and_date_of_a_letter_are_found(rules: RuleSet) -> None:
    letter = "Acme Ltd\nHigh Street 5\nDate: 16/05/2016\nThank you for your visit."
    found = extract(reading_of(RuleTest(name="paper", text=letter)), rules, TODAY)
    assert {field.name: field.value for field in found.fields} == {"merchant": "Acme Ltd", "date": "2016-05-16"}
    assert str(found.status) == "review"


@pytest.mark.parametrize(
    ("total", "level"),
    [("41.44", Level.PROVED), ("41.40", Level.READ)],
)
def test_a_sum_that_holds_only_with_a_rounding_that_nothing_prints_proves_nothing(
    total: str, level: Level, rules: RuleSet
) -> None:
    invoice = f"""
        Muster GmbH
        Invoice No.  RE-2024-117
        Date  14.03.2024
        Net amount  39.10 EUR
        VAT  2.34 EUR
        Total amount  {total} EUR
        """
    fields = {field.name: field for field in read(invoice, rules).fields}
    assert (fields["total"].value, fields["total"].level) == (total, level)


NUMBERS = """
        Musterfirma B.V.
        Factuurnummer  2024-0117
        Factuurdatum  14-03-2024
        {label}  {number}
        Subtotaal  100.00 EUR
        BTW 21%  21.00 EUR
        Totaal  121.00 EUR
        """


@pytest.mark.parametrize(
    ("number", "likely"), [("NL123456789B01", True), ("NL123456789801", False)], ids=["letter", "letter misread"]
)
def test_a_tax_number_that_no_number_of_its_country_looks_like_is_for_review(
    number: str, likely: bool, rules: RuleSet
) -> None:
    found = read(NUMBERS.format(label="BTW Nummer", number=number), rules)
    [field] = [field for field in found.fields if field.name == "seller_tax_no"]
    assert field.value == number
    assert field.probability is not None
    assert (field.probability > 0.9) == likely
    assert (found.status is Status.DONE) == likely


def test_a_tax_number_that_its_label_calls_the_customers_is_not_the_sellers(rules: RuleSet) -> None:
    invoice = """
        Au bon moulin SARL
        Facture  FA-2017-0010
        Date de facture  16/11/2017
        N° TVA client  FR19787878784
        Total HT  100,00 €
        TVA 20%  20,00 €
        Total TTC  120,00 €
        """
    fields = {field.name: field.value for field in read(invoice, rules).fields}
    assert (fields["seller_tax_no"], fields["buyer_tax_no"]) == (None, "FR19787878784")


def test_a_tax_below_a_heading_that_was_misread_is_no_part_of_a_proved_net_amount(rules: RuleSet) -> None:
    note = """
        Avoir  AV-2017-0005
        Date de facture  16/11/2017
        Total HT  218,48 €
        Base  14,99 €
        Total TTC  233,47 €
        """
    fields = {field.name: field for field in read(note, rules).fields}
    assert fields["total"].value == "233.47"
    assert fields["net"].value != "233.47" or fields["net"].level is not Level.PROVED


def test_a_net_amount_below_the_items_is_no_proved_total_while_a_tax_is_left_out(rules: RuleSet) -> None:
    invoice = """
        Quayside Shoes Ltd
        INVOICE
        Invoice Number: 77120
        Date: 22.10.2021
        Item  Subtotal
        Running shoes  53.00 EUR
        Discount  -10.00 EUR
        Total without VAT  43.00 EUR
        VAT Paid  8.60 EUR
        Total paid with VAT  51.60 EUR
        """
    fields = {field.name: field for field in read(invoice, rules).fields}
    assert [fields[name].value for name in ("net", "tax", "total")] == ["43.00", "8.60", "51.60"]
    without_total = invoice.replace("Total paid with VAT  51.60 EUR", "")
    levels = {field.level for field in read(without_total, rules).fields if field.name in ("net", "total")}
    assert Level.PROVED not in levels


def test_the_sum_of_hours_in_the_row_of_the_total_is_not_the_total(rules: RuleSet) -> None:
    invoice = """
        Marlow Code Works LLC
        INVOICE
        Invoice #: 1044
        Invoice Date: August 28, 2025
        Project      Hours       Rate        Amount
        Archive      24.50       $75.00      $1837.50
        Search       18.00       $85.00      $1530.00
        TOTAL        42.50                   $3367.50
        """
    fields = {field.name: field.value for field in read(invoice, rules).fields}
    assert fields["total"] == "3367.50"


def test_an_invoice_that_a_receipt_mentions_is_not_its_number(rules: RuleSet) -> None:
    receipt = """
        Harbour Design Studio
        RECEIPT NO: REC-2025-014
        DATE: 02 Jan 2025
        DESCRIPTION  AMOUNT
        Payment for Invoice INV-2025-001  472.00
        Payment for Invoice INV-2025-003  28.00
        TOTAL  500.00
        """
    fields = {field.name: field.value for field in read(receipt, rules).fields}
    assert "REC-2025-014" in (fields.get("invoice_no"), fields.get("receipt_no"))


FOOT_OF_SELLER = """
        KUPFERDACH
        van Loon Simone
        27 rue des Tanneurs
        69100 VILLEURBANNE
        Facture n° 2022089083
        Date : 28/11/2022
        Total HT : 46,68 EUR
        TVA 20% : 9,34 EUR
        Total TTC : 56,02 EUR
        Le paiement est à faire dans les trente jours.
        Merci de votre confiance et à bientôt.
        Nous restons à votre disposition.
        {foot}
        Siège social : 16 rue Mollien - 92100 BOULOGNE
        Sarl au capital de 10 000 EUR - RCS Paris B 530 848 134
        """


@pytest.mark.parametrize("foot", ["AVISLEGAL", "AVISLEGAL SARL au capital de 8 000 EUR - RCS Paris B 530 848 134"])
def test_the_seller_is_who_the_foot_names_with_a_register_number(foot: str, rules: RuleSet) -> None:
    found = read(FOOT_OF_SELLER.format(foot=foot), rules)
    name = next(field.value for field in found.fields if field.name == "seller_name")
    assert name in ("AVISLEGAL", "AVISLEGAL SARL")


def test_what_stands_flush_with_the_next_heading_is_not_in_the_block_before_it(rules: RuleSet) -> None:
    invoice = """
        INVOICE
        Invoice No: 4711
        Invoice Date: 30 September 2026
        BILL FROM          BILL TO           TOTAL DUE
        ORCHARD STUDIO     Example Corp LLC  USD 3,000.00
        12 Mill Lane       500 Pier Street
        Sub total  USD 3,000.00
        Total  USD 3,000.00
        """
    reading = reading_of(RuleTest(name="paper", text="\n".join(line[8:] for line in invoice.splitlines())))
    shifted = [
        replace(line, quad=as_quad([(x - 0.4, y) for x, y in line.quad])) if line.text == "Example Corp LLC" else line
        for line in reading.lines
    ]
    found = extract(replace(reading, lines=tuple(shifted)), rules, TODAY)
    assert next(field.value for field in found.fields if field.name == "seller_name") == "ORCHARD STUDIO"


def test_many_parts_of_a_net_amount_that_nothing_sums_up_prove_nothing(rules: RuleSet) -> None:
    invoice = """
        Marlow Code Works LLC
        INVOICE
        Invoice #: 1044
        Invoice Date: August 28, 2025
        Net  30.00
        Taxable amount  11.00
        Taxable amount  60.00
        Taxable amount  1.00
        VAT  4.90
        Total  106.90
        """
    levels = {field.name: field.level for field in read(invoice, rules).fields}
    assert levels["net"] is not Level.PROVED


def test_the_label_of_its_number_tells_a_receipt(rules: RuleSet) -> None:
    paper = """
        Harbour Design Studio
        RECEIPT NO: REC-2025-014
        DATE: 02 Jan 2025
        Design of a poster  500.00
        TOTAL  500.00
        """
    assert read(paper, rules).rule == "receipt"
    assert read(paper.replace("RECEIPT", "INVOICE"), rules).rule == "invoice"
