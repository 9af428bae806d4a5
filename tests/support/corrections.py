"""A recorded document with doubts, and somebody who settles them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlite_utils import Database

from ingestd.admin.correct import Corrector, Wanted
from ingestd.admin.review import State
from ingestd.document import Reading
from ingestd.extract import RuleSet, extract
from ingestd.store.database import connect
from tests.support import records
from tests.support.extraction import TODAY, ruled, typed
from tests.support.world import MovedClock

PAGE = "Net  100.00\nTax  8.00\nTotal  106.00\nVAT No  DE136695977"
"""Tax misread: 6.00 as 8.00; the check digit of the number is wrong."""
SUM = "net and tax make the total"


def rules(folder: Path) -> RuleSet:
    """One rule with a sum and a checksum."""
    fields = """
    net: {type: money, labels: Net, required: true}
    tax: {type: money, labels: Tax}
    total: {type: money, labels: Total, required: true}
    tax_no: {type: code, labels: VAT No, check: eu_vat, required: proved}
    date: {type: date, labels: Date}
    """
    folder.mkdir(exist_ok=True)
    return ruled(folder, fields, checks=[{"name": SUM, "equation": "net + tax = total"}])


class Office:
    """Database, rules and clock of somebody who corrects."""

    def __init__(self, root: Path, *, sidecars: bool = True) -> None:
        self.path = root / "ingestd.db"
        self.db: Database = connect(self.path)
        self.db.execute("PRAGMA synchronous = OFF")
        self.rules = rules(root / "rules")
        self.clock = MovedClock()
        self.corrector = Corrector(self.db, self.rules, self.clock, sidecars=sidecars)

    def record(self, name: str = "a.pdf", page: str = PAGE, archive: Path | None = None) -> int:
        """Record a document as the daemon does, without a job."""
        reading: Reading = typed(page)
        extraction = extract(reading, self.rules, TODAY)
        saved = replace(records.record(name), reading=reading, extraction=extraction)
        return records.save(self.db, saved, archive=archive)

    def correct(self, document_id: int, *, by: str = "anna", **texts: str) -> State:
        """Type these texts."""
        self.clock.move(1)
        wanted = [Wanted(name, text) for name, text in texts.items()]
        return self.corrector.correct(document_id, wanted, by=by)

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """Everything in a table."""
        return self.db.execute(f"SELECT * FROM {table}").fetchall()
