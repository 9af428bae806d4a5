"""Removal of invisible text that another OCR program left on a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pikepdf
from pikepdf import ContentStreamInstruction, Name, Object, Operator, Page, Pdf, Stream

_INVISIBLE = 3
_MAX_DEPTH = 4
"""Forms within forms that are looked into."""
_SHOWN = ("Tj", "TJ", "'", '"')
_MOVING = _SHOWN[2:]
"""Those that go to the next line first."""


def remove_hidden_text(pdf: Pdf, page: Page) -> None:
    """Remove text in render mode 3 from a page and the forms on it; everything else stays."""
    cleaned = _cleaned(page)
    if cleaned is not None:
        page.obj.Contents = Stream(pdf, cleaned)
    _clean_forms(page.obj.get(Name.Resources), 0)


def _clean_forms(resources: Object | None, depth: int) -> None:
    forms = None if resources is None or depth >= _MAX_DEPTH else resources.get(Name.XObject)
    for _, form in list(forms.items()) if forms is not None else ():
        if form.get(Name.Subtype) != Name.Form:
            continue
        cleaned = _cleaned(form)
        if cleaned is not None:
            form.write(cleaned)
        _clean_forms(form.get(Name.Resources), depth + 1)


def _cleaned(content: Page | Object) -> bytes | None:
    """Return the content without hidden text; None if it has none."""
    instructions = list(pikepdf.parse_content_stream(content))
    kept = _visible(instructions)
    return None if kept == instructions else pikepdf.unparse_content_stream(kept)


def _visible(instructions: Sequence[Any]) -> list[Any]:
    mode = 0
    saved: list[int] = []
    kept = []
    for instruction in instructions:
        operator = str(instruction.operator)
        if operator == "Tr" and instruction.operands:
            mode = int(instruction.operands[0])
        elif operator == "q":
            saved.append(mode)
        elif operator == "Q" and saved:
            mode = saved.pop()
        if mode != _INVISIBLE or operator not in _SHOWN:
            kept.append(instruction)
        elif operator in _MOVING:
            kept.append(ContentStreamInstruction([], Operator("T*")))
    return kept
