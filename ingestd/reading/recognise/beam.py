"""Decoding of a line whose form is known: a tax number, a date, an amount. Pure.

Prefix beam search over CTC paths (Graves and Jaitly 2014, Hannun et al. 2014), where only texts that can still
become a match of a pattern are followed. Unlike the best path it adds up all alignments of a text, so it also
tells whether a repeated digit was printed once or twice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import regex
from numpy.typing import NDArray

from ingestd.reading.recognise.ctc import Alphabet, Scores

BEAM = 16
"""Texts followed at a time."""
CANDIDATES = 32
"""Classes considered in each frame, the most probable ones."""

Prefix = tuple[int, ...]
_NEVER = -np.inf


def search(
    scores: Scores, alphabet: Alphabet, pattern: regex.Pattern[str], *, beam: int = BEAM, candidates: int = CANDIDATES
) -> list[tuple[str, float]]:
    """Find the most probable texts that match a pattern as a whole.

    Args:
        scores: one line without padding, shape (T, classes).
        alphabet: meaning of the classes.
        pattern: what the text, without spaces at its ends, matches.
        beam: texts followed at a time.
        candidates: classes considered in each frame.

    Returns:
        (text, probability that the line says exactly this), most probable first; empty where nothing fits.
    """
    paths = _Paths()
    viable = _viability(alphabet, pattern)
    with np.errstate(divide="ignore"):
        frames = np.log(alphabet.probabilities(scores).astype(np.float64))
    for frame in frames:
        blank = float(frame[alphabet.blank])
        frame[alphabet.blank] = _NEVER
        count = min(candidates, len(frame) - 1)
        paths = paths.extended(frame, blank, np.argpartition(-frame, count - 1)[:count], beam, viable)
    found: dict[str, float] = {}
    for prefix, probability in zip(paths.prefixes, np.exp(paths.total).tolist(), strict=True):
        text = _text(prefix, alphabet)
        if pattern.fullmatch(text):
            found[text] = found.get(text, 0.0) + probability
    return sorted(found.items(), key=lambda reading: -reading[1])


def _text(prefix: Prefix, alphabet: Alphabet) -> str:
    return "".join(alphabet.classes[index] for index in prefix).strip()


def _viability(alphabet: Alphabet, pattern: regex.Pattern[str]) -> Callable[[Prefix], bool]:
    """Return a function that tells whether a text can be continued to a match."""
    known: dict[Prefix, bool] = {}

    def viable(prefix: Prefix) -> bool:
        if prefix not in known:
            known[prefix] = pattern.fullmatch(_text(prefix, alphabet), partial=True) is not None
        return known[prefix]

    return viable


class _Paths:
    """Texts so far with the log probability of all alignments that end in a blank, and in the text's last class."""

    def __init__(
        self,
        prefixes: tuple[Prefix, ...] = ((),),
        blank: NDArray[np.float64] | None = None,
        non_blank: NDArray[np.float64] | None = None,
    ) -> None:
        self.prefixes = prefixes
        self.blank = np.zeros(1) if blank is None else blank
        self.non_blank = np.full(1, _NEVER) if non_blank is None else non_blank

    @property
    def total(self) -> NDArray[np.float64]:
        """Log probability of each text."""
        return np.asarray(np.logaddexp(self.blank, self.non_blank))

    def extended(
        self,
        frame: NDArray[np.float64],
        blank: float,
        classes: NDArray[np.intp],
        beam: int,
        viable: Callable[[Prefix], bool],
    ) -> _Paths:
        """Return the paths after one more frame of log probabilities."""
        total, last = self.total, np.array([prefix[-1] if prefix else -1 for prefix in self.prefixes])
        stay_blank = total + blank
        stay_other = self.non_blank + np.where(last >= 0, frame[last], _NEVER)
        # The class that a text ends in begins a new character only after a blank.
        before = np.where(classes == last[:, np.newaxis], self.blank[:, np.newaxis], total[:, np.newaxis])
        grown = before + frame[classes]
        self._merge(stay_other, grown, classes)
        kept = len(self.prefixes)
        ranked = np.concatenate([np.logaddexp(stay_blank, stay_other), grown.ravel()])
        prefixes: list[Prefix] = []
        chosen: list[int] = []
        for place in np.argsort(-ranked).tolist():
            if len(chosen) == beam or ranked[place] == _NEVER:
                break
            row, column = divmod(place - kept, len(classes))
            prefix = self.prefixes[place] if place < kept else (*self.prefixes[row], int(classes[column]))
            if place < kept or viable(prefix):
                prefixes.append(prefix)
                chosen.append(place)
        fresh = np.full(grown.size, _NEVER)
        return _Paths(
            tuple(prefixes),
            np.concatenate([stay_blank, fresh])[chosen],
            np.concatenate([stay_other, grown.ravel()])[chosen],
        )

    def _merge(self, stay_other: NDArray[np.float64], grown: NDArray[np.float64], classes: NDArray[np.intp]) -> None:
        """Add the paths of a text that grows into another one to those of that other one."""
        rows = {prefix: row for row, prefix in enumerate(self.prefixes)}
        columns = {index: column for column, index in enumerate(classes.tolist())}
        for row, prefix in enumerate(self.prefixes):
            parent, column = rows.get(prefix[:-1]) if prefix else None, columns.get(prefix[-1]) if prefix else None
            if parent is not None and column is not None:
                stay_other[row] = np.logaddexp(stay_other[row], grown[parent, column])
                grown[parent, column] = _NEVER
