"""The command web: the page and the API, and the tokens for them."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from ingestd.app.web import build_web
from ingestd.cli.common import config_option
from ingestd.cli.logs import set_up
from ingestd.clock import SystemClock
from ingestd.config import load
from ingestd.files.encoding import escape
from ingestd.web.server import address_of, listen, serve
from ingestd.web.tokens import Role, TokenStore


@click.group(invoke_without_command=True)
@config_option
@click.pass_context
def web(context: click.Context, config_path: Path | None) -> None:
    """Serve the page and the API until stopped; prints the address once it answers.

    By default only this machine can reach it. See docs/web.md.
    """
    if context.invoked_subcommand is not None:
        context.obj = config_path
        return
    config = load(config_path)
    set_up(config.log)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with listen(config.web) as opened:
        port = 0 if config.web.socket is not None else opened.getsockname()[1]
        app = build_web(config, port, SystemClock())
        serve(app, config.web, opened, lambda: click.echo(address_of(config.web, opened)))


@web.group()
def token() -> None:
    """Make, list and remove tokens; only their hashes are kept."""


@token.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.word for role in Role]), help="Rights of its holder.")
@config_option
@click.pass_obj
def add(of_group: Path | None, name: str, role: str, config_path: Path | None) -> None:
    """Make a token for the user or program NAME and print it; it cannot be shown again."""
    click.echo(_tokens(config_path or of_group).add(name, Role.of(role), SystemClock().now()))


@token.command(name="list")
@config_option
@click.pass_obj
def list_command(of_group: Path | None, config_path: Path | None) -> None:
    """List names and roles."""
    for entry in _tokens(config_path or of_group).all():
        click.echo(escape(f"{entry.name:24}{entry.role:8}{entry.created_at}"))


@token.command()
@click.argument("name")
@config_option
@click.pass_obj
def remove(of_group: Path | None, name: str, config_path: Path | None) -> None:
    """End the token NAME and the sessions that began with it."""
    _tokens(config_path or of_group).remove(name)


def _tokens(config_path: Path | None) -> TokenStore:
    return TokenStore(load(config_path).web.tokens)
