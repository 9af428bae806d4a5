"""The command init: make a folder ready for the daemon."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from ingestd.cli.common import command_line
from ingestd.config.shipped import shipped
from ingestd.errors import IngestdError
from ingestd.files.encoding import escape


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make FOLDER ready: config.yaml, inbox/ and rules/ to edit. Existing files stay as they are."""
    sources = {name: shipped(name) for name in ("config.yaml", "rules")}
    try:
        (folder / "inbox").mkdir(parents=True, exist_ok=True)
        for name, source in sources.items():
            click.echo(escape(_copied(source, folder / name)))
    except OSError as error:
        raise IngestdError(
            f"{error.filename or folder}: cannot be created: {error.strerror or error};"
            " name a folder in which you may write, such as one in your home folder"
        ) from error
    start = command_line("run", config=folder / "config.yaml")
    click.echo(escape(f"\nDrop scans into {folder / 'inbox'} and start:\n  {start}"))


def _copied(source: Path, target: Path) -> str:
    if target.exists():
        return f"kept     {target}"
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    return f"created  {target}"
