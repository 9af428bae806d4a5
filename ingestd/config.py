"""config.yaml as frozen pydantic models: unknown keys fail, every problem is reported at once.

A section carries the name of the stage it configures. Relative paths are relative to the folder
of the configuration file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from ingestd.errors import ConfigError

SEARCH_PATH = (Path("config.yaml"), Path("/etc/ingestd/config.yaml"))


class Section(BaseModel):
    """Base of every section: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InboxConfig(Section):
    """One watched folder."""

    path: Path = Field(description="Folder to watch.")
    name: str = Field(
        default="", pattern=r"^[\w.-]*$", description="Name in logs and database; default: the folder's name."
    )
    watch: Literal["auto", "native", "polling"] = Field(
        default="auto",
        description="native: kernel events; polling: for network shares; auto: by filesystem type.",
    )
    poll_s: PositiveFloat = Field(default=5.0, description="Seconds between two looks when polling.")
    recursive: bool = Field(default=True, description="Take files from subfolders too; the folders stay.")
    ignore: tuple[str, ...] = Field(
        default=(".*", "~$*", "*.tmp", "*.part", "*.partial", "*.crdownload", "Thumbs.db", "desktop.ini"),
        description="Glob patterns of names (files and folders) that are never taken.",
    )
    original: Literal["move", "leave", "delete"] = Field(
        default="move", description="What becomes of a recorded original: archived, left in place, deleted."
    )
    duplicates: Literal["move", "delete"] = Field(
        default="move", description="What becomes of a file that is already recorded: archived or deleted."
    )
    sentinel: str | None = Field(
        default=None, description="Name of a file that must exist in the folder before it is trusted (mounts)."
    )

    @model_validator(mode="before")
    @classmethod
    def _name_from_path(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("path"), str):
            return {**values, "name": Path(values["path"]).name}
        return values


class SettleConfig(Section):
    """When a file counts as whole."""

    quiet_s: PositiveFloat = Field(
        default=2.0, description="Seconds without a change before a structurally complete file is taken."
    )
    incomplete_s: PositiveFloat = Field(
        default=60.0,
        description="Seconds without a change after which a file without a proper end is taken all the same.",
    )
    rescan_s: PositiveFloat = Field(default=30.0, description="Seconds between two full looks into an inbox.")


class SpoolConfig(Section):
    """Where the user's files go."""

    work: Path = Field(default=Path("work"), description="Claimed files; same filesystem as the inboxes is best.")
    archive: Path = Field(default=Path("archive"), description="Recorded originals and their sidecars.")
    failed: Path = Field(default=Path("failed"), description="Files that could not be read, with NAME.error.json.")
    layout: str = Field(
        default="{received:%Y/%m}/{name}",
        description="Place below archive; {received} is the UTC arrival time, {name} the file name, {inbox}, {rule}.",
    )


class LedgerConfig(Section):
    """How often a document is tried."""

    attempts: PositiveInt = Field(default=3, description="Tries before a document that kills its worker fails.")
    backoff_s: PositiveFloat = Field(default=10.0, description="First wait after a temporary fault; doubles each time.")
    backoff_max_s: PositiveFloat = Field(default=900.0, description="Longest wait between two tries.")


class AdmitConfig(Section):
    """What is let in."""

    max_bytes: PositiveInt = Field(default=200_000_000, description="Largest file in bytes.")
    max_pages: PositiveInt = Field(default=1000, description="Most pages of one document.")
    max_pixels: PositiveInt = Field(default=200_000_000, description="Most pixels of one page.")


class DecodeConfig(Section):
    """How pages come out of files."""

    pdf_dpi: PositiveInt = Field(default=200, description="Resolution at which PDF pages without text are rastered.")
    text_layer: Literal["auto", "never"] = Field(
        default="auto", description="auto: use a PDF's own text where it covers the page."
    )


StepName = Literal[
    "grey", "clahe", "gaussian", "closing", "size", "invert", "flatten", "denoise", "stretch", "sharpen", "deskew"
]


class EnhanceConfig(Section):
    """What is done to a page before it is read."""

    plan: Literal["auto", "fixed", "none"] = Field(
        default="auto",
        description="auto: chosen per page from its measured quality; fixed: the steps below; none: nothing.",
    )
    steps: tuple[StepName, ...] = Field(
        default=("grey", "clahe", "gaussian", "closing", "size"), description="Steps of the fixed plan, in order."
    )
    deskew: bool = Field(default=True, description="Level pages that are slightly turned.")


class DetectConfig(Section):
    """Where the text lines are."""

    model: str = Field(default="ppocrv6-small-det", description="Entry of models/manifest.yaml.")
    longest_side: PositiveInt = Field(
        default=960, description="Page is scaled to this longest side (px); more where print is fine or the page long."
    )
    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(default=0.3, description="Pixel counts as text above this.")
    box_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.5, description="Mean text probability a box needs."
    )


class OrientConfig(Section):
    """Pages that lie on their side or stand on their head."""

    enabled: bool = Field(default=True, description="Turn pages upright by 90, 180 or 270 degrees.")
    model: str = Field(default="ppocr-mobile-cls", description="Entry of models/manifest.yaml.")


class RecogniseConfig(Section):
    """How lines are read."""

    model: str = Field(default="crnn-base", description="Entry of models/manifest.yaml.")
    second_model: str | None = Field(
        default=None, description="A better, slower entry that reads unsure lines again; the surer reading stays."
    )
    second_below: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.9, description="A line is unsure where all of it is right with less than this probability."
    )
    batch: PositiveInt = Field(default=8, description="Most lines in one batch.")
    min_confidence: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.5, description="Lines read with less are dropped as not being text."
    )
    alternatives: PositiveInt = Field(default=4, description="Characters kept per position, the emitted one included.")


class BarcodesConfig(Section):
    """QR and one-dimensional codes."""

    enabled: bool = Field(default=True, description="Look for codes on every page.")


class ExtractConfig(Section):
    """Which rules are applied."""

    rules: Path | None = Field(default=None, description="Folder of rule files; default: those that ship with ingestd.")


class RecordConfig(Section):
    """Where results go."""

    database: Path = Field(default=Path("ingestd.db"), description="SQLite database.")
    sidecar: bool = Field(default=True, description="Write NAME.EXT.json beside the archived original.")


class EngineConfig(Section):
    """Worker processes and their limits."""

    workers: PositiveInt | None = Field(default=None, description="Processes; default: one per core.")
    time_limit_s: PositiveFloat = Field(default=300.0, description="A document that takes longer costs one attempt.")
    memory_limit_mb: PositiveInt = Field(default=4096, description="Address space of one worker.")


class ModelsConfig(Section):
    """Where models are."""

    folder: Path | None = Field(
        default=None, description="Folder with manifest.yaml; default: the models that ship with ingestd."
    )


class LogConfig(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least severity shown.")
    format: Literal["text", "json"] = Field(default="text", description="json: one object a line.")


class Config(Section):
    """The whole of config.yaml."""

    inboxes: tuple[InboxConfig, ...] = Field(description="Folders to watch.")
    settle: SettleConfig = SettleConfig()
    spool: SpoolConfig = SpoolConfig()
    ledger: LedgerConfig = LedgerConfig()
    admit: AdmitConfig = AdmitConfig()
    decode: DecodeConfig = DecodeConfig()
    enhance: EnhanceConfig = EnhanceConfig()
    detect: DetectConfig = DetectConfig()
    orient: OrientConfig = OrientConfig()
    recognise: RecogniseConfig = RecogniseConfig()
    barcodes: BarcodesConfig = BarcodesConfig()
    extract: ExtractConfig = ExtractConfig()
    record: RecordConfig = RecordConfig()
    engine: EngineConfig = EngineConfig()
    models: ModelsConfig = ModelsConfig()
    log: LogConfig = LogConfig()

    @model_validator(mode="after")
    def _inboxes_told_apart(self) -> Config:
        if not self.inboxes:
            raise ValueError("inboxes is empty: name at least one folder to watch")
        names = [inbox.name for inbox in self.inboxes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"inboxes share the name {', '.join(twice)}: give each its own 'name'")
        return self


def _drop(section: Section, *fields: str) -> dict[str, Any]:
    return section.model_dump(mode="json", exclude=set(fields))


def reading_hash(config: Config) -> str:
    """SHA-256 (first 16 hex digits) of the settings that can change what is read from a document."""
    stages = (config.decode, config.enhance, config.detect, config.orient, config.recognise, config.barcodes)
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
    return config.model_copy(update={**updates, "inboxes": tuple(rebased(inbox) for inbox in config.inboxes)})


def parse(text: str, path: Path) -> Config:
    """Read the text of a configuration file found at ``path``.

    Raises:
        ConfigError: with one line for each problem, naming the dotted path of the key.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: not valid YAML: {' '.join(str(error).split())}"]) from error
    if not isinstance(data, dict):
        raise ConfigError([f"{path}: found {type(data).__name__}, expected keys such as 'inboxes:'"])
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError([_problem(path, detail) for detail in error.errors()]) from error
    return _resolve(config, path.absolute().parent)


def _problem(path: Path, detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "(file)"
    if detail["type"] == "extra_forbidden":
        return f"{path}: {where}: unknown key; remove it or correct its spelling"
    if detail["type"] == "missing":
        return f"{path}: {where}: missing; add it"
    return f"{path}: {where}: {detail['msg']} (found {detail['input']!r})"


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
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{found}: cannot be read: {error}"]) from error
    return parse(text, found)
