"""What a rich view looks like on a terminal of a given width."""

from __future__ import annotations

import io

from rich.cells import cell_len
from rich.console import Console, RenderableType

HOSTILE = "\x1b[2Jwiped\x07\u202egpj.exe"
"""A name that clears the screen, rings and shows itself backwards where it is printed as it is."""

HARMLESS = "\\x1b[2Jwiped\\x07\\u202egpj.exe"
"""The same as it may be printed."""


def shown(view: RenderableType, *, width: int = 80, terminal: bool = False) -> str:
    """What a console of this width gets; checks that every line fits into it."""
    target = io.StringIO()
    console = Console(
        file=target,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(view)
    text = target.getvalue()
    if not terminal:
        assert max(map(cell_len, text.splitlines()), default=0) <= width
    return text
