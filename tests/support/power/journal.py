"""Journal of everything that reaches a disk: what it may hold.

A file or folder is a *node* with a number of its own, whatever its names are.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes of a file from an offset on."""

    node: int
    offset: int
    data: bytes
    mtime_ns: int
    """Time of the last change of content from now on."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A new length of a file."""

    node: int
    size: int


@dataclass(frozen=True, slots=True)
class Timed:
    """A new time of the last change of content."""

    node: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Named:
    """Names that change together, such as both of a rename."""

    what: str
    """The system call."""
    changes: tuple[tuple[int, str, int | None], ...]
    """(folder, name, node; None where the name goes)."""
    ctime_ns: int | None = None
    """Time of change that the node of the first change has from now on; None: the name goes."""


@dataclass(frozen=True, slots=True)
class Synced:
    """A file or folder of which everything before is on the disk."""

    node: int
    data_only: bool


@dataclass(frozen=True, slots=True)
class Said:
    """Something that the outside world learned: it cannot be taken back."""

    text: str


Data = Written | Sized | Timed
Entry = Data | Named | Synced | Said


@dataclass(frozen=True, slots=True)
class Node:
    """A file or folder when it was first seen."""

    inode: int
    ctime_ns: int
    mtime_ns: int
    content: bytes | dict[str, int]
    """Bytes of a file, or nodes of a folder by name."""


@dataclass(slots=True)
class Journal:
    """Everything that happened to some folders from a moment on, at which all was on the disk."""

    roots: dict[str, int]
    """Folders that the disk consists of, by path."""
    nodes: dict[int, Node]
    entries: list[Entry] = field(default_factory=list)
    memory: set[int] = field(default_factory=set)
    """Files whose content is memory that processes share: SQLite's index of the write-ahead log."""
    old: frozenset[int] = frozenset()
    """Nodes that were there from the beginning."""
