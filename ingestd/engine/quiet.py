"""Settings and log of Dask in processes of ingestd."""

from __future__ import annotations

import logging
from typing import Any

import dask

SETTINGS: dict[str, Any] = {
    # A document is tried again by the daemon, which counts the attempts; never by the scheduler.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    # A machine that says nothing for so long is lost.
    "distributed.scheduler.worker-ttl": "30 seconds",
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.retry.count": 0,
    # Documents travel in the task, so that no folder has to be shared.
    "distributed.admin.large-graph-warning-threshold": "1 TiB",
    # Profiles and logs of events would only grow.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.low-level-log-length": 0,
    # Self-observation by default wakes each process fifty times per second.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "10s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.diagnostics.nvml": False,
    "distributed.version": 2,
}


def settle() -> None:
    """Set Dask up for documents in this process, whatever files of its own say; its log becomes part of ours."""
    dask.config.set(SETTINGS)
    for name in ("distributed", "distributed.scheduler", "distributed.client", "bokeh"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.ERROR)
    # What a connection that ends means is said by ingestd, in its own words.
    for name in (
        "distributed.worker",
        "distributed.core",
        "distributed.batched",
        "distributed.comm.core",
        "distributed.protocol.core",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("distributed.comm.tcp").setLevel(logging.WARNING)  # certificates that are refused


def reason(error: BaseException) -> str:
    """Return the innermost reason of an error of the network, on one line."""
    seen: set[int] = set()
    while (inner := error.__cause__ or error.__context__) is not None and id(inner) not in seen:
        seen.add(id(inner))
        error = inner
    return " ".join(str(error).split()) or type(error).__name__
