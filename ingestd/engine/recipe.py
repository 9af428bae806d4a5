"""Recipe of a cluster: all that a worker machine needs to read documents as the daemon would.

Rules and reading options travel; models do not, they are installed with ingestd. Version and models of a machine must
be those of the daemon, else it is refused.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ingestd.config import Config
from ingestd.config.shipped import shipped
from ingestd.errors import ConfigError

_SECTIONS = (
    *("admit", "reading", "decode", "enhance", "detect", "orient", "recognise", "barcodes"),
    *("review", "output", "ledger"),
)
"""Sections of config.yaml that decide about the content of a record."""


_FIXES = {
    "rules": "reload the daemon: its rules changed while they were being sent",
    "models": "install the models of the daemon, or name their folder with --models",
}
"""Advice by what differs."""


class Recipe(BaseModel):
    """Rules, reading options and time limit, with the hashes that a record made with them has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provenance: dict[str, str]
    """version, config, rules and models."""
    sections: dict[str, Any]
    rules: dict[str, str]
    """File name below the folder of rules -> content."""
    time_limit_s: float

    @functools.cached_property
    def text(self) -> str:
        """JSON."""
        return self.model_dump_json()

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 of the text, first 16 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def config(self, rules: Path, models: Path | None, **engine: Any) -> Config:
        """Return the configuration of a worker machine.

        Args:
            rules: folder to which :meth:`put_rules` wrote.
            models: folder of the machine; None: the one that ships with ingestd.
            engine: its own options of that section.
        """
        return Config.model_validate(
            {
                "inboxes": [{"path": "inbox"}],
                **self.sections,
                "extract": {"rules": rules},
                "models": {"folder": models},
                "engine": {"time_limit_s": self.time_limit_s, **engine},
            }
        )

    def require(self, found: Mapping[str, str]) -> None:
        """Check that a machine would read as the daemon does.

        Raises:
            ConfigError: version, rules, models or reading options differ.
        """
        problems = [
            f"{name}: found {found.get(name)}, expected {expected}; {_FIXES.get(name, 'install the same version')}"
            for name, expected in self.provenance.items()
            if found.get(name) != expected
        ]
        if problems:
            raise ConfigError(problems)

    def put_rules(self, folder: Path) -> None:
        """Write the files of rules below a folder."""
        for name, content in self.rules.items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise ValueError(f"found a file of rules named {name!r}, expected a plain name")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="")


def recipe_of(config: Config, provenance: Mapping[str, str]) -> Recipe:
    """Make the recipe of a configuration; its rules must be sound."""
    folder = shipped("rules") if config.extract.rules is None else config.extract.rules
    paths = sorted([*folder.glob("*.yaml"), *(folder / "lexicon").glob("*.yaml")])
    return Recipe(
        provenance=dict(provenance),
        sections={name: getattr(config, name).model_dump(mode="json") for name in _SECTIONS},
        rules={str(path.relative_to(folder)): path.read_bytes().decode() for path in paths},
        time_limit_s=config.engine.time_limit_s,
    )
