"""Reference and JSON Schemas of rule and lexicon files, made from the models; used by generate.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ingestd.extract.lexicon import load as lexicon_files
from ingestd.extract.lexicon.model import KINDS, PHRASE_ROLES, WORD_CLASSES, LexiconFile
from ingestd.extract.rulefile.equation import RELATIONS
from ingestd.extract.rulefile.model import (
    CrossCheck,
    Dates,
    DateSign,
    FieldRule,
    Items,
    Match,
    Nought,
    Rule,
    RuleTest,
    Sign,
    TestLine,
    Zone,
    json_schema,
)
from ingestd.extract.values.invoice_qr import INVOICE_QRS
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
        "fields.nought": Nought,
        "checks": CrossCheck,
        "items": Items,
        "tests": RuleTest,
        "tests.lines": TestLine,
    }
)

_LEXICON = (
    "Words of money documents, one file per language in the folder `lexicon` of the rules; explained in "
    "[rules.md](rules.md#words-of-money-documents)."
)


def rules_schema() -> str:
    """Write the JSON Schema of a rule file, for editors."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def lexicon_schema() -> str:
    """Write the JSON Schema of a lexicon file, for editors."""
    return json.dumps(lexicon_files.json_schema(), ensure_ascii=False, indent=2) + "\n"


def rules_reference() -> str:
    """Write every key with its meaning, and the names of all types and checks."""
    parts = [
        "# Keys of rule files\n\nMade from `ingestd/extract/` by `docs/generate.py`; do not edit. "
        "[rules.md](rules.md) explains them.\n"
    ]
    parts += [f"## {title}\n\n{_table(model)}" for title, model in _PARTS.items()]
    witnesses = {name: witness.read for name, witness in INVOICE_QRS.items()}
    for title, functions in (
        ("Types", NORMALISERS),
        ("Checks of a value", VALIDATORS),
        ("Relations", RELATIONS),
        ("Witnesses", witnesses),
    ):
        parts.append(f"## {title}\n\n{''.join(_functions(functions))}")
    parts.append(f"## Lexicon files\n\n{_LEXICON}\n\n{_table(LexiconFile)}")
    for title, meanings in (("words", WORD_CLASSES), ("phrases", PHRASE_ROLES)):
        rows = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in meanings.items())
        parts.append(f"### {title}\n\n| key | meaning |\n|---|---|\n{rows}")
    parts.append(f"### kinds\n\n{', '.join(f'`{name}`' for name in KINDS)}.\n")
    return "\n".join(parts)


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for name, info in model.model_fields.items():
        meaning = (info.description or "").replace("|", "\\|")
        rows.append(f"| `{name}` | {_default(info)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    default = info.default
    if default is None or default == "" or isinstance(default, BaseModel) or (default != 0 and not default):
        return ""
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _functions(functions: Mapping[str, object]) -> Iterator[str]:
    for name, function in functions.items():
        yield f"- `{name}`: {(function.__doc__ or '').strip().splitlines()[0]}\n"
