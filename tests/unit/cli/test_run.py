"""The command run: how it ends, and log and bar beside each other."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.console import Console

from ingestd.cli import cli, logs, run
from ingestd.config import LogConfig

pytestmark = pytest.mark.usefixtures("root_logger")


@pytest.mark.parametrize(
    ("failures", "blind", "interrupted", "status"),
    [(0, False, False, 0), (1, False, False, 1), (0, True, False, 1), (0, False, True, 1)],
)
def test_exit_status_of_once_tells_if_anything_failed_or_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int, blind: bool, interrupted: bool, status: int
) -> None:
    @contextmanager
    def service(*_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(
            run=lambda **_: None, failures=failures, daemon=SimpleNamespace(blind=blind), interrupted=interrupted
        )

    monkeypatch.setattr(run, "running_service", service)
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\n")
    result = CliRunner().invoke(cli, ["run", "--once", "-c", str(tmp_path / "config.yaml")])
    assert result.exit_code == status


def test_log_stands_above_the_bar_and_keeps_its_lines_whole() -> None:
    shown = io.StringIO()
    command = "/srv/ingestd/.venv/bin/ingestd status -c /srv/ingestd/config.yaml"
    with run._Progress(Console(file=shown, force_terminal=True, width=40)) as progress:
        logs.set_up(LogConfig(), progress)
        logging.getLogger("ingestd").info("ask:  %s", command)
    before, after = shown.getvalue().split(f"ask:  {command}\n")
    assert before.rpartition("\x1b[2K")[2].count("reading") == 0, "the bar was erased first"
    assert "reading" in after
