"""Read the pictures named on the command line with RapidOCR as it ships; JSON on standard output.

Runs in an interpreter that has ``rapidocr`` and ``onnxruntime`` and nothing of this project.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
import time


def main() -> None:
    """Print ``{"version": ..., "seconds": ..., "texts": [[line, ...], ...]}``."""
    rapidocr = importlib.import_module("rapidocr")  # not installed where this file is checked

    paths = sys.argv[1:]
    engine = rapidocr.RapidOCR(params={"Global.log_level": "error"})
    for _ in range(2):
        engine(paths[0])
    begun = time.perf_counter()
    texts = [list(engine(path).txts or ()) for path in paths]
    seconds = time.perf_counter() - begun
    json.dump({"version": importlib.metadata.version("rapidocr"), "seconds": seconds, "texts": texts}, sys.stdout)


if __name__ == "__main__":
    main()
