"""Space on the disks in use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ingestd.config import Config
from ingestd.files import durable

_MIN_FREE_BYTES = 1 << 30


def little_space(config: Config) -> Iterator[str]:
    """Yield one line for each folder whose disk is full or soon will be."""
    places = {
        "spool.work": config.spool.work,
        "spool.archive": config.spool.archive,
        "record.database": config.record.database,
    }
    for name, place in places.items():
        free = shutil.disk_usage(durable.nearest_existing(place)).free
        if free < max(_MIN_FREE_BYTES, config.admit.max_bytes):
            yield f"{name}: {free >> 20} MiB are free at {place}; documents wait while none is free"
