"""The reader's side of the protocol. Needs nothing but Python, so that it runs in a peer's environment too."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Read = Callable[[list[str]], list[list[str]]]
"""Paths -> lines of each file."""


def serve(reader: str, version: str, read: Read) -> None:
    """Answer every group on standard input until it ends."""
    # whatever a library prints goes to standard error, where it cannot be taken for an answer
    answers, sys.stdout = sys.stdout, sys.stderr
    read([sys.argv[-1]])
    print(json.dumps({"reader": reader, "version": version}), file=answers, flush=True)
    for line in sys.stdin:
        paths = json.loads(line)["paths"]
        begun = time.perf_counter()
        texts = read(paths)
        seconds = time.perf_counter() - begun
        print(json.dumps({"seconds": seconds, "texts": texts}), file=answers, flush=True)
