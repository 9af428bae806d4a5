"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Configuration file.  [default: ./config.yaml, then /etc/ingestd/config.yaml]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
