from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.cli import cli, main
from ingestd.config.shipped import shipped
from ingestd.errors import ConfigError, IngestdError
from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.places import ROOT
from tests.support.unprivileged import open_folder, unprivileged
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox, watch: polling}]\n")
    return World(tmp_path)


@pytest.fixture
def ingestd(world: World) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, [*words, "-c", str(world.root / "config.yaml")])

    return call


def test_check_says_ready(ingestd: Callable[..., Result]) -> None:
    result = ingestd("check")
    assert (result.exit_code, result.output) == (0, "ready: ingestd run\n")


def test_check_lists_problems_and_exits_78(world: World, ingestd: Callable[..., Result]) -> None:
    (world.root / "config.yaml").write_text("inboxes: [{path: inbox}]\nspool: {archive: inbox/archive}\n")
    result = ingestd("check", "--json")
    assert result.exit_code == 78
    assert "lies in" in json.loads(result.output)["problems"][0]
    (world.root / "config.yaml").write_text("inboxes: 1\n")
    assert "problem" in ingestd("check").output


def test_models_are_listed_and_verified(ingestd: Callable[..., Result]) -> None:
    result = ingestd("models")
    assert result.exit_code == 0
    assert "ppocrv6-small-rec" in result.output
    assert "WRONG" not in result.output


def test_altered_model_is_reported(world: World, ingestd: Callable[..., Result]) -> None:
    models = world.root / "models"
    models.mkdir()
    shipped = (ROOT / "models" / "manifest.yaml").read_text(encoding="utf-8")
    first_hash = shipped.split("sha256: ")[1].split()[0]
    (models / "manifest.yaml").write_text(shipped.replace(first_hash, "f" * 64), encoding="utf-8")
    (world.root / "config.yaml").write_text("inboxes: [{path: inbox}]\nmodels: {folder: models}\n")
    result = ingestd("models")
    assert result.exit_code == 78
    assert "WRONG" in result.output
    assert "expected " + "f" * 64 in result.output


def test_rules_are_checked_and_tested(world: World, ingestd: Callable[..., Result]) -> None:
    checked = ingestd("rules", "check")
    assert checked.exit_code == 0, checked.output
    assert "rule files are right" in checked.output
    result = ingestd("rules", "test")
    assert result.exit_code == 0, result.output
    assert ", 0 failed" in result.output
    one = CliRunner().invoke(cli, ["rules", "test", str(shipped("rules") / "cn-taxi.yaml")])
    assert one.exit_code == 0, one.output
    assert int(one.output.split()[0]) < int(result.output.split()[0]), "only the tests of that file"
    (world.root / "rules").mkdir()
    (world.root / "rules" / "bad.yaml").write_text("rule: bad\nlables: 1\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        CliRunner().invoke(cli, ["rules", "check", str(world.root / "rules")], catch_exceptions=False)


def test_words_of_the_lexicon_that_change_nothing_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(shipped("rules"), folder)
    file = folder / "lexicon" / "tr.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("[toplam, ", "[toplam, Toplam, "), encoding="utf-8")
    for path in (folder, file):
        result = CliRunner().invoke(cli, ["rules", "check", str(path)])
        assert result.exit_code == 1
        assert f"{file}:" in result.output
        assert "'Toplam' is given twice in this list, first as 'toplam'; remove one" in result.output


def test_retry_makes_failed_documents_due(world: World, ingestd: Callable[..., Result]) -> None:
    world.drop("bad.png")
    world.drop("good.png")
    world.run(5)
    assert ingestd("retry", "2").exit_code == 1
    assert "there is no job 77" in ingestd("retry", "77").output
    assert ingestd("retry").exit_code == 2
    result = ingestd("retry", "--failed")
    assert result.exit_code == 0
    assert result.output.startswith("due again: 1;")
    assert world.states() == {"bad.png": "waiting", "good.png": "done"}


def test_explain_prints_the_story(world: World, ingestd: Callable[..., Result]) -> None:
    path = world.drop("bad.png")
    world.run(5)
    assert "failed (damaged)" in ingestd("explain", str(path)).output
    story = json.loads(ingestd("explain", str(path), "--json").output)
    assert story[0]["at"].endswith("Z")


def test_configuration_errors_exit_78_and_name_every_problem(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.root / "config.yaml").write_text("inboxes: [{path: a, b: 1}]\nc: 2\n")
    monkeypatch.setattr("sys.argv", ["ingestd", "run", "-c", str(world.root / "config.yaml")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 78
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_init_makes_a_place_that_checks_and_keeps_what_is_there(tmp_path: Path) -> None:
    place = tmp_path / "scans"
    first = CliRunner().invoke(cli, ["init", str(place)])
    assert first.exit_code == 0
    assert "created" in first.output
    (place / "config.yaml").write_text("inboxes: [{path: inbox}]\n# mine\n")
    second = CliRunner().invoke(cli, ["init", str(place)])
    assert "kept" in second.output
    assert "# mine" in (place / "config.yaml").read_text()
    assert CliRunner().invoke(cli, ["check", "-c", str(place / "config.yaml")]).exit_code == 0


def test_init_says_in_one_line_that_a_folder_cannot_be_made() -> None:
    with open_folder() as folder:
        with unprivileged():
            result = CliRunner().invoke(cli, ["init", str(folder / "scans")])
        assert isinstance(result.exception, IngestdError)
        assert str(result.exception).startswith(f"{folder / 'scans'}: cannot be created: Permission denied; name a")
        assert list(folder.iterdir()) == []


@pytest.mark.timeout(120)
def test_rules_explain_shows_labels_values_and_what_spoke_against_them(tmp_path: Path) -> None:
    rows = [
        "EXAMPLE STORE SDN BHD",
        "TAX INVOICE",
        "Date: 03/08/2026",
        "Subtotal 100.00",
        "GST 6% 6.00",
        "Total 106.00",
    ]
    letter = tmp_path / "receipt.pdf"
    letter.write_bytes(pdf(PdfPage([Text(60, 700 - 30 * row, line) for row, line in enumerate(rows)])))
    drawn = tmp_path / "drawn.png"
    result = CliRunner().invoke(cli, ["rules", "explain", str(letter), "--annotate", str(drawn)])
    assert result.exit_code == 0, result.output
    assert "rule en-receipt" in result.output
    assert "106.00" in result.output
    assert "taken" in result.output
    assert drawn.read_bytes().startswith(b"\x89PNG")
