"""The reference of rule files and their JSON Schema, made from the models; used by generate.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pydantic import BaseModel

from ingestd.extract.rulefile.equation import RELATIONS
from ingestd.extract.rulefile.model import (
    CrossCheck,
    Dates,
    DateSign,
    FieldRule,
    Items,
    Match,
    Rule,
    RuleTest,
    Sign,
    TestLine,
    Zone,
    json_schema,
)
from ingestd.extract.values.invoice_qr import WITNESSES
from ingestd.extract.values.normalise import NORMALISERS
from ingestd.extract.values.validate import VALIDATORS

_PARTS = MappingProxyType(
    {
        "The file": Rule,
        "match": Match,
        "match.signs": Sign,
        "dates": Dates,
        "dates.signs": DateSign,
        "zones": Zone,
        "fields": FieldRule,
        "checks": CrossCheck,
        "items": Items,
        "tests": RuleTest,
        "tests.lines": TestLine,
    }
)


def rules_schema() -> str:
    """JSON Schema of a rule file, for editors."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def rules_reference() -> str:
    """Every key with its meaning, and the names of all types and checks."""
    parts = [
        "# Keys of rule files\n\nMade from `ingestd/extract/` by `docs/generate.py`; do not edit. "
        "How rules work is told in [rules.md](rules.md).\n"
    ]
    parts += [f"## {title}\n\n{_table(model)}" for title, model in _PARTS.items()]
    parts.append(f"## Types\n\n{', '.join(f'`{name}`' for name in NORMALISERS)}\n")
    witnesses = {name: witness.read for name, witness in WITNESSES.items()}
    for title, functions in (("Checks of a value", VALIDATORS), ("Relations", RELATIONS), ("Witnesses", witnesses)):
        parts.append(f"## {title}\n\n{''.join(_functions(functions))}")
    return "\n".join(parts)


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | meaning |", "|---|---|"]
    for name, info in model.model_fields.items():
        needed = " (needed)" if info.is_required() else ""
        meaning = (info.description or "").replace("|", "\\|")
        rows.append(f"| `{name}`{needed} | {meaning} |")
    return "\n".join(rows) + "\n"


def _functions(functions: Mapping[str, object]) -> Iterator[str]:
    for name, function in functions.items():
        yield f"- `{name}`: {(function.__doc__ or '').strip().splitlines()[0]}\n"
