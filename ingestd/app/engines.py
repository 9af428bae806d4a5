"""Engines that run pipelines: in processes on this machine, or on others."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ingestd.app import pipelines
from ingestd.config import Config
from ingestd.document import Record
from ingestd.engine import Engine, R, Work
from ingestd.engine.local import LocalEngine
from ingestd.extract import RuleSet
from ingestd.reading.models import Manifest

if TYPE_CHECKING:
    from ingestd.engine.recipe import Recipe

Build = Callable[[Config, RuleSet, Manifest], Work[R]]
"""Builds the work of one worker process."""


def worker_count(config: Config) -> int:
    """Return the number of worker processes: as configured, else one per core that this process may use."""
    return config.engine.workers or len(os.sched_getaffinity(0))


def start_engine(config: Config, build: Build[R], workers: int | None = None) -> Engine[R]:
    """Start worker processes with the configured limits.

    Args:
        config: limits, and what ``build`` needs.
        build: builds the work inside each worker.
        workers: how many; None: :func:`worker_count`.

    Raises:
        ConfigError: rules or manifest are wrong.
    """
    return LocalEngine(
        functools.partial(build, config, pipelines.rules_of(config), pipelines.manifest_of(config)),
        workers=workers or worker_count(config),
        time_limit_s=config.engine.time_limit_s,
        memory_limit_mb=config.engine.memory_limit_mb,
    )


def start_recording(config: Config) -> Engine[Record]:
    """Start the engine of the daemon: processes on this machine, or what connects it to others.

    Raises:
        ConfigError: rules, manifest or certificates are wrong.
    """
    if config.engine.kind == "local":
        return start_engine(config, pipelines.build_recording)
    from ingestd.engine.dask import DaskEngine  # needs an extra
    from ingestd.engine.recipe import recipe_of

    provenance = pipelines.provenance_of(config, pipelines.rules_of(config), pipelines.manifest_of(config))
    return DaskEngine(config.engine, recipe_of(config, provenance))


def build_sending(config: Config, rules: RuleSet, manifest: Manifest) -> Work[bytes]:
    """Build a pipeline of a worker machine, whose records travel; see :func:`ingestd.app.pipelines.build_recording`."""
    from ingestd.engine.wire import Sending

    return Sending(pipelines.build_recording(config, rules, manifest))


def machine_engine(slots: int, memory_limit_mb: int, models: Path | None) -> Callable[[Recipe, Path], Engine[bytes]]:
    """Return what starts the local engine of a worker machine for a recipe, with the rules that are in a folder.

    It raises ConfigError where version, rules, models or reading options are not those of the recipe.
    """

    def start(recipe: Recipe, rules: Path) -> Engine[bytes]:
        limits = {"workers": slots, "memory_limit_mb": memory_limit_mb}
        config = recipe.config(rules, models, **limits)
        found = pipelines.provenance_of(config, pipelines.rules_of(config), pipelines.manifest_of(config))
        recipe.require(found)
        return start_engine(config, build_sending)

    return start
