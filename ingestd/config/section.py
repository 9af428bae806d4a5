"""What every section of config.yaml has in common, and how YAML that people write is read."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from ingestd.errors import ConfigError


class Section(BaseModel):
    """Base of every section: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_used(cls, values: Any) -> Any:
        """Text that no path, program or database takes is refused here, not where it is used."""
        for name, value in values.items() if isinstance(values, dict) else ():
            for text in value if isinstance(value, list | tuple) else (value,):
                if isinstance(text, str) and ("\0" in text or not _is_encodable(text)):
                    raise ValueError(f"{shown(name)} has a character that no file name can have (NUL, half a pair)")
        return values


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def read_mapping(text: str, path: Path, example: str) -> dict[Any, Any]:
    """Read YAML that has keys at its top.

    Args:
        text: of the file.
        path: where it was found, for messages.
        example: what is expected there, such as ``keys such as 'inboxes:'``.

    Raises:
        ConfigError: it is no YAML, or something else than keys.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: not valid YAML: {' '.join(str(error).split())}"]) from error
    except (ValueError, TypeError, RecursionError, OverflowError) as error:  # dates such as 2026-99-99, endless nesting
        raise ConfigError([f"{path}: YAML that cannot be read: {error}"]) from error
    if not isinstance(data, dict):
        raise ConfigError([f"{path}: found {type(data).__name__}, expected {example}"])
    return data


def shown(value: object) -> str:
    """A value in an error message: short, however large it is."""
    return _brief.repr(value)


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 200
_brief.maxlevel, _brief.maxlist, _brief.maxdict = 2, 4, 4
