"""Log lines: for a terminal, for journald, or as JSON; control characters of file names never get through.

Only the first row of an entry begins at the margin, so that no text from outside passes for an entry of its own.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from io import TextIOBase
from typing import TextIO

from ingestd.config import LogConfig
from ingestd.files.encoding import escape

_CONTINUED = "\n    "

_JOURNAL_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
"""sd-daemon(3)."""


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return escape(f"{when}  {level}{super().format(record)}").replace("\n", _CONTINUED)


class _JournalFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_JOURNAL_PRIORITY.get(record.levelname, 6)}>"
        rows = escape(super().format(record)).replace("\n", _CONTINUED).split("\n")
        return "\n".join(prefix + row for row in rows)


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "data", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()


def _not_about_stopping(record: logging.LogRecord) -> bool:
    """Drop what watchdog's emitters log as an error at every stop, when they are ended while they wait."""
    return record.funcName != "queue_events"


def set_up(options: LogConfig, stream: TextIO | TextIOBase | None = None) -> None:
    """Send all log records to a stream (default stderr) in the configured form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    if options.format == "json":
        handler.setFormatter(_JsonFormatter())
    elif "JOURNAL_STREAM" in os.environ and stream is None:
        handler.setFormatter(_JournalFormatter())
    else:
        handler.setFormatter(_TextFormatter())
    logging.basicConfig(level=options.level.upper(), handlers=[handler], force=True)
    logging.getLogger("watchdog").setLevel(logging.WARNING)
    logging.getLogger("watchdog.observers.inotify").addFilter(_not_about_stopping)
    logging.getLogger("PIL").setLevel(logging.WARNING)
