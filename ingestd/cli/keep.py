"""Commands that keep what was recorded safe: backup, verify."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from ingestd.admin.backup import backup as copy_database
from ingestd.admin.verify import Difference, Verification
from ingestd.cli.options import config_option, json_option
from ingestd.cli.recorded import print_json, reading
from ingestd.config import load
from ingestd.files.encoding import escape


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists; it stays until the new one is whole.")
@config_option
@json_option
def backup(file: Path, overwrite: bool, config_path: Path | None, as_json: bool) -> None:
    """Copy the database into FILE while the daemon runs; consistent, checked, synced.

    FILE is one SQLite file that needs nothing beside it. Originals and sidecars are not in it: copy
    the archive folder after it, so that nothing is recorded that the copy of the archive lacks.
    """
    made = copy_database(load(config_path).record.database, file.absolute(), overwrite=overwrite)
    if as_json:
        print_json(asdict(made))
    else:
        click.echo(escape(f"{made.documents} documents, {made.jobs} jobs, {made.size_bytes} bytes in {made.path}"))


@click.command()
@config_option
@json_option
def verify(config_path: Path | None, as_json: bool) -> None:
    """Compare archive, sidecars and database, and list every difference; exit status 1 if there is one.

    Every original is read and its SHA-256 compared. What the user may have done on purpose (a failed
    file taken away) is listed as a remark and does not count. The daemon may run meanwhile.
    """
    config = load(config_path)
    differences: list[Difference] = []
    remarks: list[Difference] = []
    with reading(config) as db:
        verification = Verification(db, config)
        for difference in verification.differences():
            (differences if difference.is_fault else remarks).append(difference)
            if not as_json:
                mark = "differs" if difference.is_fault else "remark "
                click.echo(escape(f"{mark}  {difference.path}: {difference.text}"))
    if as_json:
        print_json(
            {
                "documents": verification.documents,
                "files": verification.files,
                "bytes_hashed": verification.bytes_hashed,
                "differences": [asdict(difference) for difference in differences],
                "remarks": [asdict(remark) for remark in remarks],
            }
        )
    else:
        click.echo(
            f"{verification.documents} documents, {verification.files} files,"
            f" {verification.bytes_hashed} bytes read: {len(differences)} differences"
        )
    sys.exit(1 if differences else 0)
