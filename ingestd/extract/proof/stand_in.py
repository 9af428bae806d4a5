"""Values of other fields that stand in where a field was not read, such as the amount in words for the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ingestd.document import Reason, ReasonKind
from ingestd.extract.proof.alternatives import alternatives_of
from ingestd.extract.proof.evidence import FieldEvidence
from ingestd.extract.search.candidates import Candidate, Rank
from ingestd.extract.values.normalise import Caveat
from ingestd.layout.rows import LaidOutDocument

MIN_SURE = 0.9
"""Probability of each character of a value that nothing stands in for."""
_PENALTY = 20.0
"""Rank behind everything that was read at a label of the field itself."""


def add_stand_ins(by_field: Mapping[str, FieldEvidence], document: LaidOutDocument) -> None:
    """Add the values of stand-ins as candidates where a field has no value with a label, or only doubtful ones."""
    for evidence in by_field.values():
        other = evidence.field.spec.stand_in
        if other is None or any(_is_firm(one, document) for one in evidence.candidates):
            continue
        evidence.candidates += tuple(
            replace(
                candidate,
                field=evidence.field.name,
                rank=Rank(penalty=_PENALTY, position=candidate.rank.position),
                how=Reason(ReasonKind.NOTE, f"not read itself; '{candidate.raw}' stands in"),
                check=None,
            )
            for candidate in by_field[other].candidates
            if Caveat.UNSURE not in candidate.value.caveats
        )


def _is_firm(candidate: Candidate, document: LaidOutDocument) -> bool:
    if candidate.rank.unlabelled or Caveat.UNSURE in candidate.value.caveats:
        return False
    options = alternatives_of(document, candidate.spans) if candidate.spans else None
    return options is None or all(option[0][1] >= MIN_SURE for option in options)
