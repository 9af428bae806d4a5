"""Tesseract with its data for English and simplified Chinese: one process of one thread for each core.

That is its fastest way (its own threads gain little). A process gets all its files at once, as a list, so that it
loads its data once for each group.
"""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from lab.bench.readers.loop import serve

LANGUAGES = "eng+chi_sim"


def main() -> None:
    """Serve until standard input ends."""
    said = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    serve("Tesseract", said.stdout.split()[1], _read)


def _read(paths: list[str]) -> list[list[str]]:
    cores = len(os.sched_getaffinity(0))
    shares = [paths[first::cores] for first in range(cores)]
    with ThreadPoolExecutor(cores) as pool:
        read = list(pool.map(_read_share, shares))
    texts: list[list[str]] = [[]] * len(paths)
    for first, share in enumerate(read):
        texts[first::cores] = share
    return texts


def _read_share(paths: list[str]) -> list[list[str]]:
    if not paths:
        return []
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", LANGUAGES],
        input="\n".join(paths),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )
    # a form feed ends every page
    return [page.splitlines() for page in done.stdout.split("\f")[: len(paths)]]


if __name__ == "__main__":
    main()
