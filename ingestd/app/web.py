"""The page and the API with all that they need."""

from __future__ import annotations

import functools

from starlette.applications import Starlette

from ingestd.admin.preflight import require_sound
from ingestd.app.engines import start_engine
from ingestd.app.pipelines import build_pipeline, rules_of
from ingestd.clock import Clock
from ingestd.config import Config
from ingestd.engine.local import LocalEngine
from ingestd.pipeline import PagePainter
from ingestd.store.database import connect
from ingestd.web.app import create_app, require_closed
from ingestd.web.tokens import TokenStore

_PICTURE_PX = 2400
"""Longest side of a page that is shown: the small print of A4 stays readable on a large screen."""


def build_web(config: Config, port: int, clock: Clock) -> Starlette:
    """Build the page and the API for a TCP port; the workers that it starts end with the application.

    Raises:
        ConfigError: something needed is missing or wrong.
    """
    require_sound(config)
    connect(config.record.database).close()  # creates it, or brings it up to date
    tokens = TokenStore(config.web.tokens)
    require_closed(config, tokens)
    reader = start_engine(config, build_pipeline, config.web.workers)
    painter = LocalEngine(
        functools.partial(PagePainter, config.admit, config.decode, _PICTURE_PX),
        workers=1,
        time_limit_s=config.engine.time_limit_s,
        memory_limit_mb=config.engine.memory_limit_mb,
    )
    rules = rules_of(config)
    return create_app(config, port=port, rules=rules, reader=reader, painter=painter, tokens=tokens, clock=clock)
