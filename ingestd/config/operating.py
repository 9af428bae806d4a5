"""Sections of config.yaml about folders, files, processes and whoever looks after them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from ingestd.config.section import Section


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


class RecordConfig(Section):
    """Where results go."""

    database: Path = Field(default=Path("ingestd.db"), description="SQLite database.")
    sidecar: bool = Field(default=True, description="Write NAME.EXT.json beside the archived original.")


class EngineConfig(Section):
    """Worker processes and their limits."""

    workers: PositiveInt | None = Field(default=None, description="Processes; default: one per core.")
    time_limit_s: PositiveFloat = Field(default=300.0, description="A document that takes longer costs one attempt.")
    memory_limit_mb: PositiveInt = Field(default=4096, description="Address space of one worker.")
    idle_s: PositiveFloat | None = Field(
        default=300.0,
        description="Seconds without a document after which workers end and give their memory back; null: never.",
    )


class HooksConfig(Section):
    """Commands that are told what became of a document: docs/operating.md."""

    on_success: tuple[str, ...] = Field(
        default=(), description="Command and its arguments, run without a shell for each recorded document."
    )
    on_failure: tuple[str, ...] = Field(default=(), description="The same for each document that failed.")
    time_limit_s: PositiveFloat = Field(default=60.0, description="A command that takes longer is killed.")
    parallel: PositiveInt = Field(default=1, description="Commands at the same time; 1 spares them locks.")

    @field_validator("on_success", "on_failure")
    @classmethod
    def _can_be_run(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if command and not command[0]:
            raise ValueError("the command is empty: name a program")
        return command

    def rebased(self, base: Path) -> HooksConfig:
        """The same with programs that are named by a relative path below ``base``; bare names stay."""
        moved = {
            name: (str(base / command[0]), *command[1:])
            for name in ("on_success", "on_failure")
            if (command := getattr(self, name)) and "/" in command[0]
        }
        return self.model_copy(update=moved)


EXTRA_FOR_METRICS = "metrics.port: needs the extra 'metrics': pip install 'ingestd[metrics]', or remove the key"


class MetricsConfig(Section):
    """Figures for Prometheus; need the extra ``metrics``."""

    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="TCP port on which /metrics is served; default: not at all."
    )
    address: str = Field(
        default="127.0.0.1", min_length=1, description="Address to serve on; by default this machine only."
    )


class HealthConfig(Section):
    """When systemd's watchdog is no longer fed, so that systemd starts the service anew."""

    stale_s: PositiveFloat = Field(
        default=1800.0,
        description="Seconds for which a document may be due and none of all come to an end; at least two time limits.",
    )
    blind_s: PositiveFloat = Field(
        default=600.0,
        description="Seconds for which an inbox that was watched may be lost, or kernel events may be missing.",
    )


class LogConfig(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least severity shown.")
    format: Literal["text", "json"] = Field(default="text", description="json: one object a line.")
