"""FatturaPA, the invoice of Italy; one file may hold several."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ingestd.document import Item
from ingestd.extract.stated.invoice import Invoice, Party, TaxLine
from ingestd.extract.values.normalise import money_text
from ingestd.structured.values import Values
from ingestd.structured.xmltree import Node

ROOTS = ("FatturaElettronica", "FatturaElettronicaSemplificata")
_CREDIT_NOTES = frozenset({"TD04", "TD08"})
_NOTHING = Node("", "", {})


def read(root: Node) -> list[Invoice]:
    """Take the invoices from a tree: one per body, in order."""
    head = root.first("FatturaElettronicaHeader") or _NOTHING
    seller, buyer = (_party(head.first(name)) for name in ("CedentePrestatore", "CessionarioCommittente"))
    return [_invoice(body, seller, buyer) for body in root.all("FatturaElettronicaBody")]


def _invoice(body: Node, seller: Party, buyer: Party) -> Invoice:
    values = Values()
    head = body.first("DatiGenerali/DatiGeneraliDocumento") or _NOTHING
    taxes = tuple(_taxes(body, values))
    items = tuple(_items(body, values))
    net, tax = (_sum(getattr(line, name) for line in taxes) for name in ("net", "tax"))
    total = values.money(head.value("ImportoTotaleDocumento"), "the total")
    if not total and net and tax:
        total = money_text(Decimal(net) + Decimal(tax) + (values.decimal(head.value("Arrotondamento"), "") or 0))
    more = {
        "due_date": values.day(body.value("DatiPagamento/DettaglioPagamento/DataScadenzaPagamento"), "the due date"),
        "iban": body.value("DatiPagamento/DettaglioPagamento/IBAN").replace(" ", ""),
        "order_no": body.value("DatiGenerali/DatiOrdineAcquisto/IdDocumento"),
        "due": values.money(body.value("DatiPagamento/DettaglioPagamento/ImportoPagamento"), "the amount due"),
    }
    return Invoice(
        "FatturaPA",
        "credit-note" if head.value("TipoDocumento") in _CREDIT_NOTES else "invoice",
        head.value("Numero"),
        values.day(head.value("Data"), "the date"),
        head.value("Divisa"),
        seller,
        buyer,
        net,
        tax,
        total,
        taxes,
        items,
        {name: value for name, value in more.items() if value},
        faults=tuple(values.faults),
    )


def _party(node: Node | None) -> Party:
    if node is None:
        return Party()
    # The simplified form has no DatiAnagrafici level around the identification.
    person = node.first("DatiAnagrafici", "IdentificativiFiscali") or node
    number = person.first("IdFiscaleIVA")
    stated = number.value("IdPaese") + number.value("IdCodice") if number is not None else ""
    names = person.first("Anagrafica") or node.first("AltriDatiIdentificativi") or node
    name = names.value("Denominazione") or f"{names.value('Nome')} {names.value('Cognome')}".strip()
    return Party(name, stated or person.value("CodiceFiscale"))


def _taxes(body: Node, values: Values) -> Iterator[TaxLine]:
    for node in body.all("DatiBeniServizi/DatiRiepilogo"):
        yield TaxLine(
            values.percent(node.value("AliquotaIVA"), "a rate") or "",
            values.money(node.value("ImponibileImporto"), "a net amount"),
            values.money(node.value("Imposta"), "a tax"),
        )
    for node in body.all("DatiBeniServizi"):
        if node.value("Importo"):  # the simplified form states the total of a line and the tax within it
            tax = values.decimal(node.value("DatiIVA/Imposta"), "a tax") or Decimal(0)
            total = values.decimal(node.value("Importo"), "a total") or Decimal(0)
            rate = values.percent(node.value("DatiIVA/Aliquota"), "a rate") or ""
            yield TaxLine(rate, money_text(total - tax), money_text(tax))


def _items(body: Node, values: Values) -> Iterator[Item]:
    for node in body.all("DatiBeniServizi/DettaglioLinee"):
        yield Item(
            node.value("Descrizione") or None,
            values.plain(node.value("Quantita"), "a quantity"),
            values.price(node.value("PrezzoUnitario"), "a price"),
            values.money(node.value("PrezzoTotale"), "the amount of an item") or None,
            values.percent(node.value("AliquotaIVA"), "a rate"),
        )


def _sum(amounts: Iterator[str]) -> str:
    stated = [Decimal(amount) for amount in amounts if amount]
    return money_text(sum(stated, Decimal(0))) if stated else ""
