"""Commands for the administrator: check, models, explain, retry, backup, verify."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ingestd.admin import history as explaining
from ingestd.admin.backup import backup as copy_database
from ingestd.admin.preflight import problems_of
from ingestd.admin.preflight_warnings import warnings_of
from ingestd.admin.soundness import check_whole
from ingestd.admin.untaken import untaken
from ingestd.admin.verify import Difference, Verification
from ingestd.app.pipelines import manifest_of
from ingestd.cli import EX_CONFIG
from ingestd.cli.common import config_option, config_or_shipped, json_option, print_json, recorded
from ingestd.cli.progress import steps
from ingestd.clock import SystemClock
from ingestd.config import load
from ingestd.errors import ConfigError
from ingestd.files.encoding import escape
from ingestd.store.database import connect, damaged
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs
from ingestd.store.soundness import damage


@click.command()
@config_option
@json_option
@click.option("--full", is_flag=True, help="Read the whole database too; the daemon may run meanwhile.")
def check(config_path: Path | None, as_json: bool, full: bool) -> None:
    """Check configuration, folders, filesystems, models and rules; list all problems at once.

    Exit status 1 if ingestd can run, but takes nothing from some place in an inbox.
    """
    places: list[str] = []
    try:
        config = load(config_path)
    except ConfigError as error:
        problems, notices = list(error.problems), []
    else:
        problems, notices, places = problems_of(config), warnings_of(config, datetime.now(UTC)), untaken(config)
        problems = problems or damage(config.record.database)
        if full and not problems:
            problems = _whole_database(config.record.database)
    if as_json:
        print_json({"problems": problems, "untaken": places, "notices": notices})
    else:
        for problem in problems:
            click.echo(f"problem  {escape(problem)}")
        for place in places:
            click.echo(f"untaken  {escape(place)}")
        for notice in notices:
            click.echo(f"notice   {escape(notice)}")
        if not problems:
            click.echo("ready: ingestd run" + (", but not everything will be taken" if places else ""))
    sys.exit(EX_CONFIG if problems else bool(places))


def _whole_database(path: Path) -> list[str]:
    """Check the whole database; return its faults."""
    if not path.exists():
        return []
    with steps("checking") as progress:
        checked = check_whole(path, SystemClock(), "request", progress=progress)
    assert checked is not None  # nothing stops it
    return [] if checked.sound else [damaged(path, checked.found)]


@click.command()
@config_option
@json_option
def models(config_path: Path | None, as_json: bool) -> None:
    """List the models and verify their checksums."""
    manifest = manifest_of(config_or_shipped(config_path))
    problems_by_name = {name: manifest.problems_of(name) for name in manifest.entries}
    problems = [problem for found in problems_by_name.values() for problem in found]
    if as_json:
        entries = [entry.model_dump(mode="json") for entry in manifest.entries.values()]
        click.echo(json.dumps({"models": entries, "problems": problems}, ensure_ascii=False, indent=2))
    else:
        for name, entry in manifest.entries.items():
            verdict = "WRONG" if problems_by_name[name] else "ok"
            click.echo(f"{verdict:6}{name:24}{entry.kind:18}{entry.licence:12}{entry.sha256[:12]}")
        for problem in problems:
            click.echo(f"ingestd: {escape(problem)}", err=True)
    sys.exit(EX_CONFIG if problems else 0)


@click.command()
@click.argument("path", type=click.Path(path_type=Path, readable=False))
@config_option
@json_option
def explain(path: Path, config_path: Path | None, as_json: bool) -> None:
    """Say what became of the file PATH and why: dropped, archived or failed, by either path."""
    config = load(config_path)
    ledger = None
    if config.record.database.exists():
        ledger = Jobs(connect(config.record.database, "read"))
    story = explaining.explain(path.absolute(), config, ledger)
    if as_json:
        click.echo(json.dumps([{"at": event.at, "what": event.what} for event in story], ensure_ascii=False, indent=2))
    else:
        for event in story:
            click.echo(escape(f"{event.at or '':24}  {event.what}".strip()))


@click.command()
@click.argument("jobs", nargs=-1, type=int)
@click.option("--failed", is_flag=True, help="Every failed document.")
@config_option
def retry(jobs: tuple[int, ...], failed: bool, config_path: Path | None) -> None:
    """Try failed or waiting documents again, by job number (see 'ingestd status') or all that failed."""
    if bool(jobs) == failed:
        raise click.UsageError("name job numbers, or --failed")
    config = load(config_path)
    db = connect(config.record.database, "write")
    ledger = Jobs(db)
    wanted = ledger.in_states((State.FAILED,)) if failed else [job for job in map(ledger.job, jobs) if job is not None]
    unknown = sorted(set(jobs) - {job.id for job in wanted})
    now = datetime.now(UTC)
    outcomes = [(job, ledger.retry(job, now)) for job in wanted]
    db.close()
    again = sum(isinstance(outcome, Job) for _, outcome in outcomes)
    for number in unknown:
        click.echo(f"ingestd: there is no job {number}", err=True)
    for job, outcome in outcomes:
        if not isinstance(outcome, Job):
            state = outcome.state or "gone"
            click.echo(escape(f"ingestd: job {job.id} ({job.name}) is {state}; nothing to try again"), err=True)
    click.echo(f"due again: {again}" + ("; the daemon takes them as soon as it runs" if again else ""))
    sys.exit(0 if again == len(wanted) and not unknown else 1)


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
    with steps("copying") as progress:
        made = copy_database(load(config_path).record.database, file.absolute(), overwrite=overwrite, progress=progress)
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
    with recorded(config) as db, steps("comparing") as progress:
        verification = Verification(db, config, progress)
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
