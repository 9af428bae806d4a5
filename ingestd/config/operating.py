"""Sections of config.yaml about folders, files, processes and operation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from ingestd.config.section import Section
from ingestd.document import Split, Splitting

_MODE = re.compile("0?[0-7]{3}")
_NAME = re.compile(r"[\w.-]*")

IGNORED = (
    # hidden, and being written or locked by another program
    *(".*", "~$*", "*~", "*.tmp", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.!sync", "*.aria2"),
    *("*.lock", "*.bak", "*.swp"),
    # of desktops
    *("Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r", "__MACOSX", "*.lnk", "*.url", "System Volume Information"),
    *("$RECYCLE.BIN", "lost+found"),
    # thumbnails and bins of network storage
    *("@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot"),
)
"""Names of what other programs leave behind."""


class InboxConfig(Section):
    """One watched folder."""

    path: Path = Field(description="Folder to watch.")
    name: str = Field(default="", description="Name in logs and database; default: the folder's name.")
    watch: Literal["auto", "native", "polling"] = Field(
        default="auto",
        description="native: kernel events; polling: for network shares; auto: by filesystem type.",
    )
    poll_s: PositiveFloat = Field(default=5.0, description="Seconds between two scans when polling.")
    recursive: bool = Field(default=True, description="Take files from subfolders too; the folders stay.")
    ignore: tuple[str, ...] = Field(
        default=IGNORED,
        description="Glob patterns of names (files and folders) that are never taken; case does not count.",
    )
    original: Literal["move", "leave", "delete"] = Field(
        default="move", description="Treatment of a recorded original: move to the archive, leave in place, delete."
    )
    duplicates: Literal["move", "delete"] = Field(
        default="move", description="Treatment of a file that is already recorded: move to the archive, delete."
    )
    sentinel: str | None = Field(
        default=None, description="Name of a file that must exist in the folder before it is trusted (mounts)."
    )
    split: Split = Field(
        default=Split.CONTENT,
        description="Division of a file into papers, see docs/documents.md; patch: at sheets with patch code T.",
    )
    split_code: str = Field(
        default="", description="Regular expression of the whole text of a QR or bar code; with split: code."
    )
    split_code_pages: Literal["keep", "drop"] = Field(
        default="keep",
        description="Pages with such a code: keep: each is the first of its paper; drop: it belongs to none.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_from_path(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("path"), str):
            return {**values, "name": Path(values["path"]).name}
        return values

    duplex: tuple[str, str] | None = Field(
        default=None,
        description="Names of the fronts and the backs of stacks scanned in two passes, each with one `*`, such as"
        " `['*-front.pdf', '*-back.pdf']`. Both become one file.",
    )
    duplex_wait_s: PositiveFloat = Field(
        default=600.0, description="Seconds after which a side whose other side did not come is read alone."
    )

    @model_validator(mode="after")
    def _can_collate(self) -> InboxConfig:
        if self.duplex is None:
            return self
        if any(name.count("*") != 1 or "/" in name for name in self.duplex) or self.duplex[0] == self.duplex[1]:
            raise ValueError("'duplex' needs two different names with one '*' each, such as ['*-a.pdf', '*-b.pdf']")
        if self.original != "move" or self.duplicates != "move":
            raise ValueError("'duplex' keeps both sides in the archive; it needs 'original: move', 'duplicates: move'")
        return self

    @model_validator(mode="after")
    def _has_its_code(self) -> InboxConfig:
        if (self.split is Split.CODE) != bool(self.split_code):
            raise ValueError("'split: code' and 'split_code' need each other; add the one, or remove the other")
        return self

    @field_validator("split_code")
    @classmethod
    def _is_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"found {pattern!r}, expected a regular expression ({error}); correct it") from error
        return pattern

    @property
    def splitting(self) -> Splitting:
        """Division of its files into papers."""
        return Splitting(self.split, self.split_code, code_separates=self.split_code_pages == "drop")

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("expected only letters, digits, '.', '_' and '-'; give the inbox such a 'name'")
        return name


class SettleConfig(Section):
    """Conditions under which a file counts as complete."""

    quiet_s: PositiveFloat = Field(
        default=2.0, description="Seconds without a change after which a structurally complete file is taken."
    )
    incomplete_s: PositiveFloat = Field(
        default=60.0,
        description="Seconds without a change after which a file without a proper end is taken too.",
    )
    rescan_s: PositiveFloat = Field(default=30.0, description="Seconds between two full scans of an inbox.")
    look_again_s: PositiveFloat = Field(
        default=60.0,
        description="Seconds after which a file that was put away is looked at again; a changed one is read again.",
    )


class SpoolConfig(Section):
    """Folders for the user's files."""

    work: Path = Field(default=Path("work"), description="Claimed files; best on the filesystem of the inboxes.")
    archive: Path = Field(default=Path("archive"), description="Recorded originals and their sidecars.")
    failed: Path = Field(default=Path("failed"), description="Files that could not be read, with NAME.error.json.")
    layout: str = Field(
        default="{received:%Y/%m}/{name}",
        description="Path below archive; {received} is the UTC arrival time, {name} the file name, {inbox}, {rule};"
        " fields of the document are {date}, {seller_name}, {invoice_no}, {total}: docs/operating.md.",
    )

    original_mode: str | None = Field(
        default="0440",
        description="Permissions of archived originals, quoted: after `settle.look_again_s` each belongs to the user of"
        " ingestd and has them. null: owner and permissions stay as dropped.",
    )

    @field_validator("original_mode", mode="before")
    @classmethod
    def _is_mode(cls, mode: object) -> object:
        if mode is not None and not (isinstance(mode, str) and _MODE.fullmatch(mode)):
            raise ValueError(f"found {mode!r}, expected permissions in octal, quoted, such as '0440'")
        return mode

    @property
    def mode(self) -> int | None:
        """Permissions as a number."""
        return None if self.original_mode is None else int(self.original_mode, 8)


class LedgerConfig(Section):
    """Attempts and pauses between them."""

    attempts: PositiveInt = Field(
        default=3, description="Attempts before a document that kills its worker, or ingestd, fails."
    )
    backoff_s: PositiveFloat = Field(
        default=10.0, description="Seconds before the first retry after a temporary fault; doubles each time."
    )
    backoff_max_s: PositiveFloat = Field(default=900.0, description="Maximum of these seconds.")


class RecordConfig(Section):
    """Places of the results."""

    database: Path = Field(default=Path("ingestd.db"), description="SQLite database.")
    sidecar: bool | Literal["slim"] = Field(
        default=True,
        description="Write NAME.EXT.json beside the archived original; slim: without characters, half of it.",
    )


EXTRA_FOR_COPIES = (
    "output.searchable_pdf: needs the extra 'searchable': pip install 'ingestd[searchable]', or remove the key"
)


class OutputConfig(Section):
    """Files that are made of a document."""

    searchable_pdf: Literal["off", "beside", "instead_of_nothing"] = Field(
        default="off",
        description="beside: write NAME.EXT.searchable.pdf beside every archived original; instead_of_nothing: only"
        " where the file has pages without text of their own. Needs the extra `searchable`.",
    )


EXTRA_FOR_CLUSTER = "engine.kind: dask needs the extra 'cluster': pip install 'ingestd[cluster]', or remove the key"

_ADDRESS = re.compile(r"(?P<scheme>tls|tcp)://(?P<host>[^:/\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")


def address_problem(address: str) -> str:
    """Return what is wrong with the address of a scheduler; empty if nothing is.

    >>> address_problem("tls://10.0.0.1:8786"), address_problem("tcp://127.0.0.1:8786")
    ('', '')
    >>> address_problem("tcp://10.0.0.1:8786")
    "found 'tcp://10.0.0.1:8786', which other machines can read and forge; expected tls://, tcp:// on loopback only"
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"]) < 65536:
        return f"found {address!r}, expected tls://HOST:PORT"
    if match["scheme"] == "tcp" and not _LOOPBACK.fullmatch(match["host"]):
        return f"found {address!r}, which other machines can read and forge; expected tls://, tcp:// on loopback only"
    return ""


class EngineConfig(Section):
    """Worker processes and their limits."""

    kind: Literal["local", "dask"] = Field(
        default="local",
        description="local: processes on this machine; dask: worker machines, docs/cluster.md. Needs the extra"
        " `cluster`.",
    )
    scheduler: str | None = Field(
        default=None, description="Address of the scheduler, tls://HOST:PORT; with kind: dask."
    )
    certificates: Path | None = Field(
        default=None, description="Folder with ca.pem, client.pem and client-key.pem; needed with tls://."
    )
    workers: PositiveInt | None = Field(default=None, description="Number of processes; default: one per core.")
    time_limit_s: PositiveFloat = Field(
        default=300.0, description="Seconds per document; one that takes longer has used up one attempt."
    )
    memory_limit_mb: PositiveInt = Field(default=4096, description="Address space of one worker in MiB.")
    idle_s: PositiveFloat | None = Field(
        default=300.0,
        description="Seconds without a document after which workers end and free their memory; null: never.",
    )

    @model_validator(mode="after")
    def _has_its_scheduler(self) -> EngineConfig:
        if (self.kind == "dask") != (self.scheduler is not None):
            raise ValueError("'kind: dask' and 'scheduler' need each other; add the one, or remove the other")
        if self.scheduler is not None and self.scheduler.startswith("tls:") != (self.certificates is not None):
            raise ValueError("'scheduler: tls://...' and 'certificates' need each other; add or remove one of them")
        return self

    @field_validator("scheduler")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        problem = address_problem(address) if address is not None else ""
        if problem:
            raise ValueError(problem)
        return address


class HooksConfig(Section):
    """Commands that run after a document was recorded or has failed: docs/operating.md."""

    on_success: tuple[str, ...] = Field(
        default=(), description="Command and its arguments, run without a shell for each recorded document."
    )
    on_failure: tuple[str, ...] = Field(default=(), description="The same, run for each document that failed.")
    time_limit_s: PositiveFloat = Field(default=60.0, description="Seconds after which a command is killed.")
    parallel: PositiveInt = Field(
        default=1, description="Number of commands at the same time; with 1 they need no locks of their own."
    )

    @field_validator("on_success", "on_failure")
    @classmethod
    def _can_be_run(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if command and not command[0]:
            raise ValueError("the command is empty: name a program")
        return command

    def rebased(self, base: Path) -> HooksConfig:
        """Return the section with relative paths of programs made absolute, seen from ``base``; bare names stay."""
        moved = {
            name: (str(base / command[0]), *command[1:])
            for name in ("on_success", "on_failure")
            if (command := getattr(self, name)) and "/" in command[0]
        }
        return self.model_copy(update=moved)


EXTRA_FOR_METRICS = "metrics.port: needs the extra 'metrics': pip install 'ingestd[metrics]', or remove the key"


class MetricsConfig(Section):
    """Metrics for Prometheus; they need the extra ``metrics``."""

    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="TCP port of /metrics; default: not served."
    )
    address: str = Field(
        default="127.0.0.1", min_length=1, description="Address to serve on; default: this machine only."
    )


class HealthConfig(Section):
    """Limits after which systemd's watchdog is no longer fed, so that systemd restarts the service."""

    stale_s: PositiveFloat = Field(
        default=1800.0,
        description="Seconds that a document may be due while none finishes; at least three times engine.time_limit_s.",
    )
    blind_s: PositiveFloat = Field(
        default=600.0,
        description="Seconds that a watched inbox may be lost, or its kernel events may be missing.",
    )


class LogConfig(Section):
    """Level and form of the log."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Lowest severity shown.")
    format: Literal["text", "json"] = Field(default="text", description="json: one object per line.")
