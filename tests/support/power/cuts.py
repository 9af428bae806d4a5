"""States in which a disk may be found after the power was cut at some moment.

Two models of what a filesystem promises between two barriers:

- *ordered*, as ext4 and XFS: names change in the order of the calls, and syncing a file or folder brings every
  earlier change of a name along. Content of a file that was not synced may be there in part, or not at all.
- *weak*, which POSIX allows: changes of names that were not synced in their folder arrive in any order or never,
  whatever else was synced; a renamed file may be found under both names, and its time of change is what it was.

In both, a rename is never found half done in the way that loses the file: no program could prevent that.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.power.disk import Disk, Part
from tests.support.power.journal import Entry, Journal, Named, Said, Sized, Synced, Timed, Written

_SECTORS = (512, 4096)
_HALF = 0.5
_FEW = 4
"""Changes of names of which every subset is tried."""


@dataclass(frozen=True)
class Cut:
    """What arrived of the entries before a moment.

    Attributes:
        at: number of entries before the power was cut.
        model: of the filesystem, and what was chosen.
        parts: what arrived, by the index of the entry; all of it where None.
        both_names: renames of which the old name is still there.
        old_times: renamed files have the time of change from before.
    """

    at: int
    model: str
    parts: dict[int, Part]
    both_names: frozenset[int] = frozenset()
    old_times: bool = False

    def disk(self, journal: Journal) -> Disk:
        """What is found."""
        disk = Disk(journal, old_times=self.old_times)
        for index in sorted(self.parts):
            disk.apply(index, self.parts[index], keep_old_name=index in self.both_names)
        return disk

    def missing(self, journal: Journal) -> list[Entry]:
        """Entries of which something did not arrive, for a report."""
        return [
            entry
            for index, entry in enumerate(journal.entries[: self.at])
            if not isinstance(entry, Said | Synced)
            and (index not in self.parts or self.parts[index] is not None or index in self.both_names)
        ]


class Moment:
    """What is surely on the disk, and what is under way, after so many entries of a journal; moves forward only."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.at = 0
        self._safe: set[int] = set()
        self.names: dict[int, Named] = {}
        """Changes of names that were not synced in any of their folders."""
        self.data: dict[int, Written | Sized | Timed] = {}
        """Changes of files that were not synced."""
        self._doubtful: dict[int, Named] = {}
        """Renames that were synced in the new folder only."""
        self._ordered_to = 0
        self._touched: dict[int, int] = {}
        self._sizes: dict[int, int] = {}

    def forward(self) -> Entry:
        """Go on by one entry."""
        index, entry = self.at, self._journal.entries[self.at]
        self.at += 1
        match entry:
            case Named():
                self.names[index] = entry
                for folder, _, node in entry.changes:
                    self._touched[folder] = index
                    if node is not None:
                        self._touched[node] = index
            case Written(node, offset, data, _):
                self.data[index] = entry
                if offset + len(data) > self._size(node):
                    self._sizes[node] = offset + len(data)
                    self._touched[node] = index
            case Sized(node, size):
                self.data[index] = entry
                self._sizes[node] = size
                self._touched[node] = index
            case Timed():
                self.data[index] = entry
            case Synced(node):
                self._sync(node)
            case Said():
                pass
        return entry

    def _size(self, node: int) -> int:
        content = self._journal.nodes[node].content
        return self._sizes.setdefault(node, len(content))

    def _sync(self, node: int) -> None:
        self._ordered_to = max(self._ordered_to, self._touched.get(node, -1) + 1)
        for index in [index for index, entry in self.data.items() if entry.node == node]:
            del self.data[index]
            self._safe.add(index)
        for index, entry in list(self._doubtful.items()):
            if any(folder == node for folder, _, gone in entry.changes if gone is None):
                del self._doubtful[index]
        for index, entry in list(self.names.items()):
            folders = [folder for folder, _, _ in entry.changes]
            if node in folders:
                del self.names[index]
                self._safe.add(index)
                if _moves(entry) and folders[0] == node:
                    self._doubtful[index] = entry

    # -- states

    def everything(self) -> Cut:
        """Everything arrived, in order: what a killed process leaves behind."""
        return Cut(self.at, "everything", dict.fromkeys(range(self.at)))

    def cuts(self, rng: random.Random, count: int) -> Iterator[Cut]:
        """Yield at most so many states, the most telling and a sample by turns.

        Args:
            rng: chooses the sample.
            count: at most.
        """
        names = tuple(self.names)
        telling = [self._weak(names, "none"), self._weak((), "none"), self._weak((), "all"), self._weak(names, "all")]
        telling += [self._ordered(self.at, "none"), self._ordered(self._ordered_to, "all")]
        more = self._more(rng)
        by_turns = itertools.chain.from_iterable(zip(telling, more, strict=False))
        yield from itertools.islice(itertools.chain(by_turns, more), count)

    def _more(self, rng: random.Random) -> Iterator[Cut]:
        names = list(self.names)
        if len(names) <= _FEW:
            subsets = [part for size in range(len(names) + 1) for part in itertools.combinations(names, size)]
        else:
            subsets = [(name,) for name in names]
            subsets += [tuple(other for other in names if other != name) for name in names]
        rng.shuffle(subsets)
        for chosen in subsets:
            yield self._weak(chosen, rng.choice(("none", "all")), rng)
        while True:
            data = rng.choice(("none", "all", "some", "some", "torn", "torn"))
            if rng.random() < _HALF:
                yield self._ordered(rng.randint(self._ordered_to, self.at), data, rng)
            else:
                yield self._weak(tuple(name for name in names if rng.random() < _HALF), data, rng)

    def _weak(self, chosen: tuple[int, ...], data: str, rng: random.Random | None = None) -> Cut:
        parts: dict[int, Part] = dict.fromkeys(self._safe | set(chosen))
        renames = [index for index in (*chosen, *self._doubtful) if _moves(self._entry(index))]
        both = frozenset(index for index in renames if rng is not None and rng.random() < _HALF)
        model = f"weak, names {len(chosen)}/{len(self.names)}, data {data}"
        old_times = rng is not None and rng.random() < _HALF
        return Cut(self.at, model, self._with(parts, data, rng), both, old_times)

    def _entry(self, index: int) -> Named:
        entry = self._journal.entries[index]
        assert isinstance(entry, Named)
        return entry

    def _ordered(self, to: int, data: str, rng: random.Random | None = None) -> Cut:
        parts: dict[int, Part] = dict.fromkeys(self._safe)
        parts.update(dict.fromkeys(index for index in self.names if index < max(to, self._ordered_to)))
        return Cut(self.at, f"ordered, names to {to}, data {data}", self._with(parts, data, rng))

    def _with(self, parts: dict[int, Part], data: str, rng: random.Random | None) -> dict[int, Part]:
        """Add what arrived of the content of files."""
        for index, entry in self.data.items():
            if data == "all" or (data == "some" and rng is not None and rng.random() < _HALF):
                parts[index] = None
            elif data == "torn" and rng is not None:
                pieces = tuple(_torn(entry, rng)) if isinstance(entry, Written) else None
                if pieces or (pieces is None and rng.random() < _HALF):
                    parts[index] = pieces
        return parts


def _torn(entry: Written, rng: random.Random) -> Iterator[tuple[int, int]]:
    """Choose sectors of a write, as (begin, end) within its bytes."""
    sector = rng.choice(_SECTORS)
    share = rng.choice((0.1, 0.5, 0.9))
    end = entry.offset + len(entry.data)
    for begin in range(entry.offset - entry.offset % sector, end, sector):
        if rng.random() < share:
            yield max(begin, entry.offset) - entry.offset, min(begin + sector, end) - entry.offset


def _moves(entry: Named) -> bool:
    """Tell whether something is renamed to another folder."""
    return len(entry.changes) > 1 and entry.changes[0][0] != entry.changes[1][0]


def boundaries(journal: Journal) -> list[int]:
    """Moments before a barrier, at which most is under way, and the end."""
    found = [index for index, entry in enumerate(journal.entries) if isinstance(entry, Synced)]
    return [*found, len(journal.entries)]
