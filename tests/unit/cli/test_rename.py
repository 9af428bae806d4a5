"""The command rename."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from ingestd.cli import cli
from tests.support.world import World


def run(*words: str, root: Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["rename", *words, "-c", str(root / "config.yaml")])
    return result.exit_code, result.output


def test_it_says_first_and_renames_then(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.drop("a.png")
    world.run(6)
    world.db.close()
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\nspool: {layout: '{seller_name}/{name}'}\n")
    assert run(root=tmp_path)[0] == 2
    status, told = run("--all", "--dry-run", root=tmp_path)
    assert status == 0
    assert "2026/08/a.png -> " in told and "永辉超市/a.png" in told and "1 to rename" in told
    assert (tmp_path / "archive/2026/08/a.png").exists()
    assert "1 renamed" in run("1", root=tmp_path)[1]
    assert (tmp_path / "archive/永辉超市/a.png").exists()
    assert "0 renamed" in run("--all", root=tmp_path)[1]
