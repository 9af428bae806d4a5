"""Views with one row per document, and per further paper of a file."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from ingestd.store.papers_schema import create_papers, further_rows

_INVOICE = (
    "invoice_code",
    "invoice_no",
    "date",
    "check_code",
    "buyer_name",
    "buyer_tax_no",
    "seller_name",
    "seller_tax_no",
    "net",
    "tax",
    "total",
    "total_words",
)
_RECEIPT = ("merchant", "date", "receipt_no", "tax_no", "net", "tax", "rounding", "total", "paid", "change")
_VIEWS = {"invoices": (_INVOICE, ("invoice_no",)), "receipts": (_RECEIPT, ("merchant", "receipt_no"))}
"""View -> its fields, and those of which it needs one."""


def create_views(db: Database) -> None:
    """Create a view per kind of document."""
    for name, (fields, marks) in _VIEWS.items():
        db.create_view(name, _one_row_per_document(fields, marks))


def add_papers(db: Database) -> None:
    """Create the tables of further papers, and show these in the views."""
    create_papers(db)
    for name, (fields, marks) in _VIEWS.items():
        db.view(name).drop()
        index = ", CAST(0 AS INTEGER) AS paper_index"  # with the affinity of the table's, so that indexes are used
        first = _one_row_per_document(fields, marks).replace(" FROM documents\n", f"{index} FROM documents\n")
        db.create_view(name, f"{first}\nUNION ALL\n{further_rows(fields, marks)}")


def _one_row_per_document(fields: Iterable[str], marks: Iterable[str]) -> str:
    """Return a SELECT with two columns per field (value, level) of the documents whose rule knows one of ``marks``.

    Each column is a lookup of its own: a query pays only for the columns that it names.
    """
    lookup = "(SELECT {what} FROM fields WHERE document_id = documents.id AND name = '{name}') AS {column}"
    columns = [
        lookup.format(what=what, name=name, column=column)
        for name in fields
        for what, column in (("value", name), ("level", f"{name}_level"))
    ]
    named = " OR ".join(f"name = '{name}'" for name in marks)
    return (
        "SELECT documents.id AS document_id, documents.name AS name, rule, status,\n    "
        + ",\n    ".join(columns)
        + ",\n    archive_path, received_at, recorded_at FROM documents\n"
        + f"WHERE EXISTS (SELECT 1 FROM fields WHERE document_id = documents.id AND ({named}))"
    )
