"""The separator sheet as a command writes it."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner

from ingestd.cli import cli


@pytest.mark.parametrize(("size", "points"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_the_sheet_is_a_pdf_of_one_page(tmp_path: Path, size: str, points: tuple[int, int]) -> None:
    path = tmp_path / "sheet.pdf"
    result = CliRunner().invoke(cli, ["separator", "-o", str(path), "--size", size])
    assert (result.exit_code, result.output) == (0, "")
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) == 1
        assert document[0].get_size() == points
        assert "Separator sheet" in document[0].get_textpage().get_text_bounded()


def test_the_sheet_goes_to_standard_output() -> None:
    result = CliRunner().invoke(cli, ["separator"])
    assert result.stdout_bytes.startswith(b"%PDF-")
    assert result.stdout_bytes == CliRunner().invoke(cli, ["separator"]).stdout_bytes
