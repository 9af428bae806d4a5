"""config.yaml as frozen pydantic models: unknown keys fail, every problem is reported at once.

A section carries the name of the stage it configures. Relative paths are relative to the folder
of the configuration file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from ingestd.config.operating import (
    EXTRA_FOR_CLUSTER,
    EXTRA_FOR_COPIES,
    EXTRA_FOR_METRICS,
    EngineConfig,
    HealthConfig,
    HooksConfig,
    InboxConfig,
    LedgerConfig,
    LogConfig,
    MetricsConfig,
    OutputConfig,
    RecordConfig,
    SettleConfig,
    SpoolConfig,
)
from ingestd.config.reading import (
    AdmitConfig,
    BarcodesConfig,
    DecodeConfig,
    DetectConfig,
    EnhanceConfig,
    ExtractConfig,
    ModelsConfig,
    OrientConfig,
    ReadingConfig,
    RecogniseConfig,
    ReviewConfig,
    StepName,
)
from ingestd.config.section import Section
from ingestd.config.source import read_source, read_text
from ingestd.config.web import WebConfig
from ingestd.config.wording import model_problems
from ingestd.errors import ConfigError

__all__ = [
    "EXTRA_FOR_CLUSTER",
    "EXTRA_FOR_COPIES",
    "EXTRA_FOR_METRICS",
    "SEARCH_PATH",
    "AdmitConfig",
    "BarcodesConfig",
    "Config",
    "DecodeConfig",
    "DetectConfig",
    "EngineConfig",
    "EnhanceConfig",
    "ExtractConfig",
    "HealthConfig",
    "HooksConfig",
    "InboxConfig",
    "LedgerConfig",
    "LogConfig",
    "MetricsConfig",
    "ModelsConfig",
    "OrientConfig",
    "OutputConfig",
    "ReadingConfig",
    "RecogniseConfig",
    "RecordConfig",
    "ReviewConfig",
    "Section",
    "SettleConfig",
    "SpoolConfig",
    "StepName",
    "WebConfig",
    "load",
    "locate",
    "parse",
    "reading_hash",
]

SEARCH_PATH = (Path("config.yaml"), Path("/etc/ingestd/config.yaml"))


class Config(Section):
    """The whole of config.yaml."""

    inboxes: tuple[InboxConfig, ...] = Field(description="Folders to watch.")
    settle: SettleConfig = SettleConfig()
    spool: SpoolConfig = SpoolConfig()
    ledger: LedgerConfig = LedgerConfig()
    admit: AdmitConfig = AdmitConfig()
    reading: ReadingConfig = ReadingConfig()
    decode: DecodeConfig = DecodeConfig()
    enhance: EnhanceConfig = EnhanceConfig()
    detect: DetectConfig = DetectConfig()
    orient: OrientConfig = OrientConfig()
    recognise: RecogniseConfig = RecogniseConfig()
    barcodes: BarcodesConfig = BarcodesConfig()
    extract: ExtractConfig = ExtractConfig()
    review: ReviewConfig = ReviewConfig()
    record: RecordConfig = RecordConfig()
    output: OutputConfig = OutputConfig()
    engine: EngineConfig = EngineConfig()
    models: ModelsConfig = ModelsConfig()
    hooks: HooksConfig = HooksConfig()
    metrics: MetricsConfig = MetricsConfig()
    health: HealthConfig = HealthConfig()
    web: WebConfig = WebConfig()
    log: LogConfig = LogConfig()

    @field_validator("inboxes")
    @classmethod
    def _told_apart(cls, inboxes: tuple[InboxConfig, ...]) -> tuple[InboxConfig, ...]:
        if not inboxes:
            raise ValueError("expected at least one folder to watch; add '- path: FOLDER'")
        names = [inbox.name for inbox in inboxes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"several share the name {', '.join(twice)}; give each its own 'name'")
        return inboxes


def _drop(section: Section, *fields: str) -> dict[str, Any]:
    return section.model_dump(mode="json", exclude=set(fields))


def reading_hash(config: Config) -> str:
    """Return the SHA-256 (first 16 hex digits) of the settings that affect the reading of a document."""
    stages = (
        *(config.reading, config.decode, config.enhance, config.detect),
        *(config.orient, config.recognise, config.barcodes),
    )
    return hashlib.sha256(repr([_drop(stage) for stage in stages]).encode()).hexdigest()[:16]


def _resolve(config: Config, base: Path) -> Config:
    """Make every path absolute, seen from the folder of the configuration file."""

    def rebased(section: Section) -> Section:
        paths = {
            name: base / Path(value).expanduser()
            for name in type(section).model_fields
            if isinstance(value := getattr(section, name), Path)
        }
        return section.model_copy(update=paths)

    updates: dict[str, Any] = {
        name: rebased(value) for name in Config.model_fields if isinstance(value := getattr(config, name), Section)
    }
    updates["hooks"] = config.hooks.rebased(base)
    return config.model_copy(update={**updates, "inboxes": tuple(rebased(inbox) for inbox in config.inboxes)})


def parse(text: str, path: Path) -> Config:
    """Read the text of a configuration file found at ``path``.

    Raises:
        ConfigError: with one line for each problem, naming line and dotted path of the key.
    """
    source = read_source(text, path, "'inboxes:'")
    try:
        config = Config.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError(source.report(model_problems(error, Config))) from error
    try:
        return _resolve(config, path.absolute().parent)
    except RuntimeError as error:  # Path.expanduser() knows no such user
        raise ConfigError([f"{path}: found a path with '~' ({error}), expected a user with a home folder"]) from error


def locate(path: Path | None) -> Path:
    """Return the configuration file to use: the one named, else the first of SEARCH_PATH."""
    if path is not None:
        return path
    for candidate in SEARCH_PATH:
        if candidate.is_file():
            return candidate
    places = " nor ".join(str(place) for place in SEARCH_PATH)
    raise ConfigError([f"no configuration: neither {places} exists; run 'ingestd init DIR' or name one with -c"])


def load(path: Path | None) -> Config:
    """Read and check the configuration file.

    Raises:
        ConfigError: when there is none, it cannot be read, or anything in it is wrong.
    """
    found = locate(path)
    return parse(read_text(found, "correct the path, or let 'ingestd init DIR' make one"), found)
