"""Starts a reader, hands it groups of files, and watches how much memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

LOOK_S = 0.2
"""Seconds between two looks at the memory."""


class ReaderError(Exception):
    """A reader cannot start or died; the message says what would help."""


@dataclass(frozen=True, slots=True)
class Result:
    """Texts of a group of files and what they cost."""

    texts: tuple[tuple[str, ...], ...]
    """Lines of every file."""
    seconds: float
    peak_mb: float
    """Most memory (proportional set size, which counts shared pages once) of all its processes together."""


class ReaderProcess:
    """A running reader.

    Args:
        command: what to start; it speaks the protocol of ``lab.bench.readers``.
        warm: a page to get warm with.
        cores: it may use so many.

    Raises:
        ReaderError: it did not come up.
    """

    def __init__(self, command: Sequence[str], warm: Path, cores: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with _confined(cores):
            self._process = subprocess.Popen(
                [*command, str(warm)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=Path(__file__).parents[3],
                text=True,
            )
        self._said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.version = str(self._answer()["version"])

    def read(self, paths: Sequence[Path]) -> Result:
        """Read files.

        Raises:
            ReaderError: it died.
        """
        assert self._process.stdin is not None
        with _MemoryWatch(self._process.pid) as memory:
            self._process.stdin.write(json.dumps({"paths": [str(path) for path in paths]}) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
        return Result(tuple(tuple(lines) for lines in answer["texts"]), float(answer["seconds"]), memory.peak_mb)

    def _listen(self) -> None:
        """Keep the last of what it complains about, so that its pipe never fills."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said = [*self._said[-20:], line]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise ReaderError(f"exit status {self._process.returncode}: {''.join(self._said).strip()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let it end, and wait until it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.close()  # the end of its input is the end of the reader
        self._process.wait()
        self._listener.join()
        self._process.stdout.close()
        self._process.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _confined(cores: int) -> Iterator[None]:
    """Let what is started within the block use only so many cores: a process inherits this from its parent."""
    everything = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(everything)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, everything)


class _MemoryWatch:
    """Looks at a process and all below it until the block ends."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._root = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while True:
            self.peak_mb = max(self.peak_mb, proportional_mb(self._root))
            if self._over.wait(LOOK_S):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def proportional_mb(root: psutil.Process) -> float:
    """Proportional set size of a process and all below it, in MB (10^6 bytes)."""
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue  # it ended between being listed and being asked
    return total / 1e6
