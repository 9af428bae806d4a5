"""Base of all sections of config.yaml."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from ingestd.config.wording import shown


class Section(BaseModel):
    """Base of every section: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_used(cls, values: Any) -> Any:
        """Refuse text that no path, program or database takes here, not where it is used."""
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
