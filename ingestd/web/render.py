"""HTML out of templates, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ingestd.web.assets import Assets

_FOLDER = Path(__file__).parent / "templates"


class Renderer:
    """Renders templates; whatever goes in is text, never markup.

    Args:
        assets: give the addresses of style sheets and scripts.
    """

    def __init__(self, assets: Assets) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["static"] = assets.address

    def page(
        self, template: str, values: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> HTMLResponse:
        """Render a whole page, or a fragment of one."""
        return HTMLResponse(self._templates.get_template(template).render(values), status, headers)
