"""The command init: make a folder ready for the daemon."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from ingestd.config.shipped import shipped


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make FOLDER ready: config.yaml, inbox/ and rules/ to edit. Keeps what is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inbox").mkdir(exist_ok=True)
    for name in ("config.yaml", "rules"):
        target = folder / name
        if target.exists():
            click.echo(f"kept     {target}")
            continue
        source = shipped(name)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        click.echo(f"created  {target}")
    click.echo(f"\nDrop scans into {folder / 'inbox'} and start:\n  ingestd run -c {folder / 'config.yaml'}")
