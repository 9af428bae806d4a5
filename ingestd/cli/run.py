"""The command run: watch the inboxes and record what arrives."""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

import ingestd
from ingestd.app.service import running_service
from ingestd.cli.common import command_line, config_option
from ingestd.cli.logs import set_up
from ingestd.cli.page_process import page_process
from ingestd.cli.terminal import headline
from ingestd.config import load, locate
from ingestd.daemon.events import JobEvent, JobOutcome
from ingestd.daemon.loop import Daemon
from ingestd.files.encoding import escape, path_text

log = logging.getLogger("ingestd")

_MARKS = {JobOutcome.RECORDED: "+", JobOutcome.FAILED: "x", JobOutcome.DUPLICATE: "=", JobOutcome.WAITING: "~"}


@click.command()
@config_option
@click.option(
    "--once",
    is_flag=True,
    help="Empty the inboxes, then end; exit status 1 if anything failed or was left.",
)
@click.option("--page", is_flag=True, help="Serve the page as well, as a process beside the daemon.")
def run(config_path: Path | None, once: bool, page: bool) -> None:
    """Watch the inboxes and record what arrives, until stopped."""
    if once and page:
        raise click.UsageError("--once ends when the inboxes are empty and --page serves until stopped; give one")
    path = locate(config_path)
    config = load(path)
    progress = _Progress() if once and sys.stderr.isatty() else None
    set_up(config.log, progress)

    def started(daemon: Daemon) -> None:
        log.info("started ingestd %s, process %d", ingestd.__version__, os.getpid())
        for inbox in config.inboxes:
            log.info("watching %s", path_text(inbox.path))
        log.info("results in %s, originals in %s", config.record.database, config.spool.archive)
        for words in (["status"], ["search", "TEXT"], ["show", "NAME"]):
            log.info("ask:  %s", command_line(*words, config=config_path))
        if progress:
            progress.follow(daemon)
        if page:
            serve_page()

    report = progress.report if progress else _log_report
    with (
        progress or nullcontext(),
        page_process(path) as serve_page,
        running_service(config, lambda: load(path), report) as service,
    ):
        service.run(once=once, started=started)
    if once and (service.failures or service.daemon.blind or service.interrupted):
        sys.exit(1)


def _sentence(event: JobEvent) -> str:
    """Describe the outcome of a document in one line."""
    name = path_text(event.job.name)
    match event.outcome:
        case JobOutcome.RECORDED if event.record is not None:
            text = headline(event.record, sum(event.record.timings.values()))
        case JobOutcome.FAILED:
            text = f"failed: {event.reason}; kept as {event.job.archive_path}"
        case JobOutcome.WAITING:
            text = f"will be retried: {event.reason}"
        case _ if event.job.document_id is None:
            text = f"is {event.job.error}; kept as {event.job.archive_path}"
        case _:
            text = f"is already recorded as document {event.job.document_id}"
    return escape(f"{_MARKS[event.outcome]} {name}: {text}")


def _log_report(event: JobEvent) -> None:
    level = logging.WARNING if event.outcome in (JobOutcome.FAILED, JobOutcome.WAITING) else logging.INFO
    data = {"outcome": event.outcome, "job": event.job.id, "document": event.job.document_id}
    if event.record is not None:
        data |= {"sha256": event.record.sha256, "timings": dict(event.record.timings)}
    log.log(level, "%s", _sentence(event), extra={"data": data})


class _Progress(io.TextIOBase):
    """Progress bar of ``run --once``; the log and failures are printed above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=self._console)
        self._task: TaskID = self._bar.add_task("documents", total=None)
        self._daemon: Daemon | None = None
        self._done = 0

    def write(self, text: str, /) -> int:
        """Print lines of the log above the bar."""
        self._console.print(Text(text.removesuffix("\n")), soft_wrap=True)
        return len(text)

    def follow(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def report(self, event: JobEvent) -> None:
        if event.outcome is not JobOutcome.RECORDED:
            self._console.print(_sentence(event), markup=False, highlight=False)
        if event.outcome is not JobOutcome.WAITING:
            self._done += 1
        settling = event.outcome is JobOutcome.RECORDED  # counts as unsettled until its file is put away
        left = self._daemon.unsettled - settling if self._daemon else 0
        self._bar.update(self._task, completed=self._done, total=self._done + left)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
