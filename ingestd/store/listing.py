"""Lists of documents: filtered, page by page, with sums over all that the filters let through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from ingestd.store.desk_schema import LEVEL_BITS
from ingestd.store.words import (
    TRIGRAM,
    like_conditions,
    like_literal,
    match,
    trigrams_of,
    with_two_characters,
    words_of,
)

MAX_PAGE = 200
"""Documents in one page of a list."""
MAX_WORDS = 10
"""Words of a search."""
_FEW = 2000
"""Documents that are sorted rather than met on a walk through all."""
_BY_SUMS = "summaries s INDEXED BY summaries_sums"
"""Has the columns of all filters but words: a walk through it beats looking up the rows of one of them."""
_WITH_DOCUMENTS = "summaries s JOIN documents d ON d.id = s.document_id"
_COLUMNS = (
    "s.document_id, d.name, s.rule, s.status, s.seller, s.number, s.date, s.total_cents, s.levels,"
    " d.page_count, d.recorded_at, (SELECT by_document_id FROM superseded u WHERE u.document_id = s.document_id)"
    " AS superseded_by"
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that all hold; None asks for nothing."""

    kind: str | None = None
    """Name of the rule."""
    status: str | None = None
    seller: str | None = None
    """Part of the seller's or merchant's name."""
    date_from: str | None = None
    """ISO date, the first included."""
    date_to: str | None = None
    """ISO date, the last included."""
    total_from: int | None = None
    """Cents."""
    total_to: int | None = None
    level: str | None = None
    """At least one field has it."""
    text: str | None = None
    """Words that all occur in name, text or values."""

    def narrows(self) -> bool:
        """Tell whether anything but kind and status is asked for."""
        return replace(self, kind=None, status=None) != Filters()


@dataclass(frozen=True, slots=True)
class Listed:
    """One document of a list."""

    id: int
    name: str
    kind: str
    status: str
    seller: str | None
    number: str | None
    date: str | None
    total: str | None
    """Decimal string with two places."""
    levels: tuple[str, ...]
    """Levels that its fields have, best first."""
    page_count: int
    recorded_at: str
    superseded_by: int | None = None
    """Document that was read from the whole file; None for nearly all."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Documents of one kind among those that the filters let through."""

    kind: str
    documents: int
    total: str
    """Of all totals, decimal string."""


def listed(
    db: Database, filters: Filters, limit: int, before: int | None = None, matching: int | None = None
) -> list[Listed]:
    """Return a page of documents, those recorded last first.

    Args:
        db: the database.
        filters: conditions.
        limit: most documents, at most MAX_PAGE.
        before: id of the last document of the page before; None: begin.
        matching: number of documents that the filters let through, where it is known: a walk from the newest to the
            oldest passes many others if they are few.
    """
    if matching is not None and matching <= _FEW and filters.narrows():
        chosen, values = ids_query(db, filters)
        tables, conditions = _WITH_DOCUMENTS, [f"s.document_id IN ({chosen})"]
    else:
        tables, conditions, values = _conditions(db, filters, with_documents=True)
        if matching is not None and filters.narrows() and not filters.text:
            # Many match, so a walk meets a page of them soon; SQLite would rather look all of them up and sort.
            tables = tables.replace("summaries s", "summaries s NOT INDEXED")
    if before is not None:
        conditions.append("s.document_id < :before")
        values["before"] = before
    # FTS5 walks its rowids downwards only if they are asked for by their own name.
    order = "documents_fts.rowid" if "documents_fts" in tables else "s.document_id"
    return listed_rows(db, tables, " AND ".join(conditions), f"{order} DESC", values, limit)


def listed_rows(
    db: Database, tables: str, condition: str, order: str, values: dict[str, Any], limit: int
) -> list[Listed]:
    """Return documents by SQL of the caller, whose tables are named ``s`` (summaries) and ``d`` (documents)."""
    sql = f"SELECT {_COLUMNS} FROM {tables} WHERE {condition} ORDER BY {order} LIMIT {min(limit, MAX_PAGE):d}"
    return [_listed(row) for row in db.query(sql, values)]


def sums(db: Database, filters: Filters) -> list[Sum]:
    """Count and add up all documents that the filters let through, per kind."""
    if not filters.narrows():
        found = db.execute(
            "SELECT rule, sum(documents), sum(total_cents) FROM kind_sums WHERE documents > 0"
            " AND rule = coalesce(:kind, rule) AND status = coalesce(:status, status) GROUP BY rule ORDER BY rule",
            {"kind": filters.kind, "status": filters.status},
        )
        return [Sum(rule, count, money(cents)) for rule, count, cents in found.fetchall()]
    tables, conditions, values = _conditions(db, filters)
    found = db.execute(
        f"SELECT s.rule, count(*), coalesce(sum(s.total_cents), 0) FROM {tables}"
        f" WHERE {' AND '.join(conditions)} GROUP BY s.rule ORDER BY s.rule",
        values,
    )
    return [Sum(rule, count, money(cents)) for rule, count, cents in found.fetchall()]


def ids_query(db: Database, filters: Filters) -> tuple[str, dict[str, Any]]:
    """Write the SELECT of the ids that the filters let through, and the values that it names."""
    tables, conditions, values = _conditions(db, filters)
    return f"SELECT s.document_id FROM {tables} WHERE {' AND '.join(conditions)}", values


def kinds(db: Database) -> list[str]:
    """Return the kinds of all documents; walks an index from kind to kind."""
    found: list[str] = []
    row = db.execute("SELECT min(rule) FROM summaries").fetchone()
    while row[0] is not None:
        found.append(row[0])
        row = db.execute("SELECT min(rule) FROM summaries WHERE rule > ?", [row[0]]).fetchone()
    return found


def money(cents: int) -> str:
    """Write cents as an amount.

    >>> money(123450), money(-5)
    ('1234.50', '-0.05')
    """
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _conditions(
    db: Database, filters: Filters, *, with_documents: bool = False
) -> tuple[str, list[str], dict[str, Any]]:
    """Tables, conditions of WHERE, and the values that they name.

    Args:
        db: the database.
        filters: conditions.
        with_documents: the caller reads documents too, which takes long where all of them are counted.
    """
    plain = {
        "kind": "s.rule = :kind",
        "status": "s.status = :status",
        "date_from": "s.date >= :date_from",
        "date_to": "s.date <= :date_to",
        "total_from": "s.total_cents >= :total_from",
        "total_to": "s.total_cents <= :total_to",
    }
    values = {name: value for name in plain if (value := getattr(filters, name)) is not None}
    conditions = ["1", *(plain[name] for name in values)]
    if filters.level is not None:
        conditions.append("s.levels & :level")
        values["level"] = LEVEL_BITS[filters.level]
    words = words_of(filters.text or "")[:MAX_WORDS]
    if filters.seller is not None:
        conditions.append("s.seller LIKE :seller ESCAPE '\\'")
        values["seller"] = f"%{like_literal(filters.seller)}%"
    indexed = [word for word in words if len(word) >= TRIGRAM]
    short = []
    for word in words:
        trigrams = trigrams_of(db, word) if len(word) == TRIGRAM - 1 else None
        if trigrams is not None:
            name = f"short{len(values)}"
            conditions.append(f"s.document_id IN ({with_two_characters(name, is_indexed=bool(trigrams))})")
            values |= {name: match((), [trigrams]) if trigrams else "", f"{name}_end": word.lower()}
        elif len(word) < TRIGRAM:
            short.append(word)
    like, named = like_conditions(short)
    conditions += like
    values |= named
    tables = "summaries s" if words else _BY_SUMS
    if short or with_documents:
        tables = _WITH_DOCUMENTS
    if indexed:
        tables = f"documents_fts CROSS JOIN {tables}"
        conditions += ["documents_fts MATCH :match", "s.document_id = documents_fts.rowid"]
        values["match"] = match(indexed)
    return tables, conditions, values


def _listed(row: dict[str, Any]) -> Listed:
    cents = row["total_cents"]
    return Listed(
        id=row["document_id"],
        name=row["name"],
        kind=row["rule"],
        status=row["status"],
        seller=row["seller"],
        number=row["number"],
        date=row["date"],
        total=None if cents is None else money(cents),
        levels=tuple(level for level, bit in LEVEL_BITS.items() if row["levels"] & bit),
        page_count=row["page_count"],
        recorded_at=row["recorded_at"],
        superseded_by=row["superseded_by"],
    )
