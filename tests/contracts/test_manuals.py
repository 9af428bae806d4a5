"""What the manuals name exists: pages and headings, commands and options, make targets, modules."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import click
import pytest

from ingestd.cli import cli
from tests.support.manuals import MANUALS, commands, name, words
from tests.support.places import ROOT

COMMANDS = [(name(path), command) for path in MANUALS for command in commands(path.read_text(encoding="utf-8"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """Names that headings of a page get: lower case, blanks as hyphens, other signs gone."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MANUALS, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        place, _, anchor = target.partition("#")
        linked = (page.parent / place).resolve() if place else page
        assert linked.exists(), f"{name(page)}: {target}"
        assert not anchor or anchor in anchors(linked), f"{name(page)}: {target}"


def of_program(program: str) -> list[tuple[str, list[str]]]:
    """Page and arguments of every row that calls a program, with or without a path and sudo."""
    calls = []
    for page, command in COMMANDS:
        called = words(command.partition(" > ")[0])
        called = called[1:] if called[:1] == ["sudo"] else called
        if called and Path(called[0]).name == program:
            calls.append((page, called[1:]))
    return calls


def accept(group: click.Group, arguments: list[str]) -> None:
    """Parse a command line as click does, but for the values, which are examples."""
    command: click.Command = group
    context = click.Context(group, info_name="ingestd")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        found = command.get_command(context, arguments[0])
        assert found is not None, f"no command {arguments[0]!r}"
        context = click.Context(found, parent=context, info_name=arguments[0])
        command, arguments = found, arguments[1:]
    command.make_parser(context).parse_args(list(arguments))


@pytest.mark.parametrize(("page", "arguments"), of_program("ingestd"), ids=str)
def test_commands_and_options_exist(page: str, arguments: list[str]) -> None:
    accept(cli, arguments)


@pytest.mark.parametrize("arguments", [["staus"], ["run", "--onse"], ["rules", "cheque"]])
def test_a_misspelt_command_is_noticed(arguments: list[str]) -> None:
    with pytest.raises((AssertionError, click.NoSuchOption)):
        accept(cli, arguments)


@pytest.mark.parametrize(("page", "arguments"), of_program("make"), ids=str)
def test_make_targets_exist(page: str, arguments: list[str]) -> None:
    assert {word for word in arguments if "=" not in word} <= TARGETS


@pytest.mark.parametrize(
    ("page", "module"),
    [(page, words[1]) for page, words in of_program("python") if words[:1] == ["-m"]],
    ids=str,
)
def test_modules_exist(page: str, module: str) -> None:
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("page", MANUALS, ids=name)
def test_modules_and_targets_named_in_sentences_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"`python -m ((?:ingestd|lab|tests)[\w.]*)", text):
        assert importlib.util.find_spec(module) is not None, f"{name(page)}: {module}"
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert target in TARGETS, f"{name(page)}: make {target}"
