"""Layouts of exports: YAML files that say which columns and rows an accounting program wants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt, ValidationError, model_validator

from ingestd.config.section import Section
from ingestd.config.shipped import shipped
from ingestd.config.source import read_source, read_text
from ingestd.config.wording import model_problems
from ingestd.errors import ConfigError

WHEN = "when"
"""Key of a row: the field without which the row is left out."""


class Column(Section):
    """One column of the file."""

    name: str
    type: Literal["text", "money", "number", "date", "plain"] = Field(
        default="text", description="plain: text that is never quoted; date: an ISO date."
    )
    max: PositiveInt | None = Field(default=None, description="Most characters; the rest is cut.")
    keep: str = Field(default="", description="Regular expression of one character; others are left out.")


class Choice(Section):
    """Cell that depends on a value."""

    by: str
    cases: dict[str, str]
    otherwise: str = ""


Cell = str | int | Choice


class Layout(Section):
    """One kind of file for an accounting program."""

    format: Literal["csv", "xlsx"]
    encoding: Literal["utf-8", "utf-8-sig", "cp1252", "gb18030"] = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    quote_text: bool = False
    one_year: bool = Field(default=False, description="Refuse documents of several years in one file.")
    kinds: tuple[str, ...] = Field(default=(), description="Rules of the papers to export; none: all.")
    required: tuple[str, ...] = Field(default=(), description="Fields without which a paper is left out, and told.")
    balance: tuple[str, str] | None = Field(
        default=None, description="Columns whose sums are equal in each paper; others are left out, and told."
    )
    values: dict[str, str] = Field(default={}, description="Constants to use in cells.")
    head: tuple[tuple[str | int, ...], ...] = ()
    columns: tuple[Column, ...] = Field(min_length=1)
    rows: tuple[dict[str, Cell], ...] = Field(min_length=1, description="Rows per paper: column -> cell.")

    @model_validator(mode="after")
    def _fits_together(self) -> Layout:
        names = {column.name for column in self.columns}
        used = {name for row in self.rows for name in row if name != WHEN} | set(self.balance or ())
        if unknown := sorted(used - names):
            raise ValueError(f"no column is named {', '.join(unknown)}; add it to 'columns'")
        for column in self.columns:
            try:
                re.compile(column.keep)
            except re.error as error:
                raise ValueError(f"column {column.name}: 'keep' is not a regular expression: {error}") from error
        return self


def load_layout(name: str) -> Layout:
    """Load a layout from a file, or one that ships with ingestd by its name.

    Raises:
        ConfigError: with every problem, each as ``FILE:LINE: description``.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        folder = shipped("rules") / "exports"
        path = folder / f"{name}.yaml"
        known = sorted(file.stem for file in folder.glob("*.yaml"))
        if name not in known:
            raise ConfigError([f"no layout {name!r}; expected a file NAME.yaml or one of {', '.join(known)}"])
    source = read_source(
        read_text(path, "name a layout file"), path, "'format:', 'columns:' and 'rows:'", no_aliases="copy the cells"
    )
    try:
        return Layout.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError(source.report(model_problems(error, Layout))) from error
