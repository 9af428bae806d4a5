"""The command ocr with --expect, through real workers and the shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageDraw, ImageFont

from ingestd.cli import cli

NUMBER = "91350211M000100Y43"


@pytest.fixture(scope="module")
def crop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small, coarse picture of a tax number."""
    image = Image.new("RGB", (420, 60), "white")
    ImageDraw.Draw(image).text((12, 12), NUMBER, fill="black", font=ImageFont.load_default(32))
    path = tmp_path_factory.mktemp("crop") / "number.png"
    image.resize((150, 22)).save(path)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["ocr", *arguments])


def test_a_line_whose_form_is_known(crop: Path) -> None:
    result = run(str(crop), "--expect", "[0-9A-Z]{18}", "--json")
    assert result.exit_code == 0, result.output
    best = json.loads(result.stdout)["readings"][0]
    assert best["text"] == NUMBER
    assert best["probability"] > 0.5


def test_what_cannot_be_there_is_said_and_fails(crop: Path) -> None:
    result = run(str(crop), "--expect", "[a-z]{3}")
    assert result.exit_code == 1
    assert "number.png: found no text that matches" in result.stderr


def test_a_pattern_that_is_none_is_refused(crop: Path) -> None:
    result = run(str(crop), "--expect", "[0-9")
    assert result.exit_code == 2
    assert "expected a regular expression" in result.stderr


def test_a_picture_and_a_pattern_do_not_go_together(crop: Path) -> None:
    result = run(str(crop), "--expect", "1", "--annotate", "out.png")
    assert result.exit_code == 2
