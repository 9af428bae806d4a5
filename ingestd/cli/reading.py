"""Reading files at once, without inbox or database, but in workers with the same limits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ingestd.app import start_engine
from ingestd.config import Config, InboxConfig, load
from ingestd.document import Claim
from ingestd.engine import R, Work
from ingestd.errors import ConfigError
from ingestd.extract import RuleSet
from ingestd.files.identity import digest
from ingestd.reading.models import Manifest


def configuration(path: Path | None) -> Config:
    """The configuration if there is one; reading files needs none."""
    try:
        return load(path)
    except ConfigError:
        if path is not None or Path("config.yaml").exists():
            raise
    return Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),))


@contextmanager
def reading(
    config: Config, build: Callable[[Config, RuleSet, Manifest], Work[R]], files: Sequence[Path]
) -> Iterator[list[tuple[Path, Callable[[], R]]]]:
    """Start on all files; each comes with a function that waits for its result or raises its error."""
    workers = min(len(files), config.engine.workers or len(os.sched_getaffinity(0)))
    engine = start_engine(config, build, workers)
    try:
        yield [(path, engine.submit(_claim(path), digest(path)).result) for path in files]
    finally:
        engine.close(finish=False)


def _claim(path: Path) -> Claim:
    place = path.absolute()
    return Claim(0, place, place, inbox="", size_bytes=path.stat().st_size, claimed_at=datetime.now(UTC), attempt=1)
