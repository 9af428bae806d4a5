"""HTML out of templates, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from ingestd.web import forms
from ingestd.web.access import User
from ingestd.web.assets import Assets
from ingestd.web.language import language_of, words_of
from ingestd.web.tokens import Role

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
        self._templates.filters.update(forms.FILTERS)

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """Render a whole page, or a fragment of one, in the language that the browser asks for.

        Args:
            request: of a browser.
            template: name of the file.
            values: of the template; ``counts`` shows how much waits in review and failed.
            status: of the answer.
            headers: sent along.
        """
        user: User | None = request.scope.get("user")
        words = words_of(language_of(request.headers.get("accept-language")))
        common = {
            "user": user,
            "may_review": user is not None and user.role >= Role.REVIEW,
            "may_admin": user is not None and user.role >= Role.ADMIN,
            "path": request.url.path,
            "t": words,
            "counts": None,
        }
        content = self._templates.get_template(template).render({**common, **values})
        return HTMLResponse(content, status, {"Vary": "Accept-Language", **(headers or {})})
