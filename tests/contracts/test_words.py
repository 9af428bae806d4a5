"""Manuals, docstrings, comments and messages are in the project's plain English."""

from __future__ import annotations

import pytest

from docs import words


def test_every_file_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    status = words.main([])
    assert status == 0, capsys.readouterr().out
