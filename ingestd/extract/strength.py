"""Strength of an extraction, to choose between two readings of a document."""

from __future__ import annotations

from collections.abc import Mapping

from ingestd.document import Extraction, Level, Status

WORTH: Mapping[Level, int] = {
    Level.CONFIRMED: 8,
    Level.PROVED: 6,
    Level.AGREED: 4,
    Level.READ: 2,
    Level.CONFLICT: 1,
    Level.MISSING: 0,
}


def strength(extraction: Extraction) -> tuple[bool, int]:
    """Return a key to compare extractions by: done before for review, then the levels of all fields of all papers."""
    fields = (*extraction.fields, *(field for paper in extraction.further for field in paper.fields))
    return extraction.status is Status.DONE, sum(WORTH[field.level] for field in fields)
