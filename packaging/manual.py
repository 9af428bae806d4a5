"""Write the manual page of ``ingestd`` from the help of its commands: ``python packaging/manual.py > ingestd.1``."""

from __future__ import annotations

import sys

import click

import ingestd
from ingestd.cli import cli

_EXIT = (
    ("0", "done"),
    ("1", "some documents failed, or something that was asked for could not be done"),
    ("2", "wrong usage"),
    ("78", "wrong configuration, rules, models or database; all problems are listed"),
)
_FILES = (
    ("config.yaml, /etc/ingestd/config.yaml", "the configuration, the first that exists"),
    ("/var/lib/ingestd/inbox", "files to read, of the service"),
    ("/usr/share/doc/ingestd", "manuals"),
)


def page() -> str:
    """Return the page in roff."""
    context = click.Context(cli, info_name="ingestd")
    rows = [
        f'.TH INGESTD 1 "" "ingestd {ingestd.__version__}" "User Commands"',
        ".SH NAME",
        "ingestd \\- watch folders for scans, read them, prove what they say, record it in SQLite",
        ".SH SYNOPSIS",
        ".B ingestd",
        "COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH COMMANDS",
    ]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        rows += _command(command, click.Context(command, info_name=f"ingestd {name}"))
    for title, entries in (("EXIT STATUS", _EXIT), ("FILES", _FILES)):
        rows.append(f".SH {title}")
        for term, meaning in entries:
            rows += [".TP", f".B {_plain(term)}", _plain(meaning)]
    return "\n".join(rows) + "\n"


def _command(command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [f".SS {_plain(context.info_name or '')} {_plain(usage)}"]
    for paragraph in (command.help or "").split("\n\n"):
        rows += [_plain(" ".join(paragraph.split())), ".PP"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part is not None
            rows += _command(part, click.Context(part, info_name=f"{context.info_name} {name}"))
        return rows
    for option in command.params:
        record = option.get_help_record(context)
        if record is not None and isinstance(option, click.Option):
            rows += [".TP", f".B {_plain(record[0])}", _plain(record[1])]
    return rows


def _plain(text: str) -> str:
    """Escape text for roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    sys.stdout.write(page())
