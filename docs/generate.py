"""Writes the reference pages that are made from the code: ``python docs/generate.py [--check]``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from layer_table import architecture
from pydantic.fields import FieldInfo
from rule_reference import lexicon_schema, rules_reference, rules_schema

from ingestd.cli import cli
from ingestd.config import Config, InboxConfig, Section
from ingestd.output import sidecar

DOCS = Path(__file__).parent


def configuration() -> str:
    """The reference of config.yaml, from its models."""
    rows = [
        "# Configuration",
        "",
        "Made from `ingestd/config/` by `docs/generate.py`; do not edit.",
        "",
        "`config.yaml` is looked for in the current folder, then in `/etc/ingestd/`; `-c FILE` names another. Relative",
        "paths are relative to the file. An unknown key is an error. `ingestd check` lists every problem at once.",
        "",
        "SIGHUP (`systemctl reload ingestd`) reads the file again: rules, models and all options of reading change at",
        "once, folders and inboxes with the next start. A file with an error changes nothing and says so in the log.",
        "",
        "## inboxes",
        "",
        "A list; each entry has these keys:",
        "",
        *_table(InboxConfig),
    ]
    for name, field in Config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            rows += ["", f"## {name}", "", (section.__doc__ or "").strip(), "", *_table(section)]
    return "\n".join(rows) + "\n"


def _table(section: type[Section]) -> list[str]:
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for name, field in section.model_fields.items():
        rows.append(f"| `{name}` | {_default(field)} | {field.description} |")
    return rows


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default == "":
        return ""
    if isinstance(field.default, tuple):
        return "`[" + ", ".join(str(one).replace("\r", "\\r") for one in field.default) + "]`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def commands() -> str:
    """The help of every command."""
    rows = ["# Commands", "", "Made from `ingestd/cli/` by `docs/generate.py`; do not edit.", ""]
    rows += ["Exit status: 0 done, 1 some documents failed, 2 wrong usage, 78 wrong configuration.", ""]
    context = click.Context(cli, info_name="ingestd", max_content_width=100)
    rows += _help(cli, context)
    return "\n".join(rows)


def _help(command: click.Command, context: click.Context) -> list[str]:
    rows = [f"## {context.command_path}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, "it was listed"
            rows += _help(below, click.Context(below, info_name=name, parent=context, max_content_width=100))
    return rows


PAGES = {
    "architecture.md": architecture,
    "configuration.md": configuration,
    "commands.md": commands,
    "rules-reference.md": rules_reference,
    "../rules/rules.schema.json": rules_schema,
    "../rules/lexicon.schema.json": lexicon_schema,
    "sidecar.schema.json": sidecar.json_schema,
}


def main() -> int:
    """Write the pages, or with --check say which are out of date."""
    old = [name for name, page in PAGES.items() if not _is_current(DOCS / name, page())]
    for name in old:
        if "--check" in sys.argv:
            print(f"docs/{name} is out of date: run 'make docs'")
        else:
            (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
            print(f"docs/{name} written")
    return 1 if old and "--check" in sys.argv else 0


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
