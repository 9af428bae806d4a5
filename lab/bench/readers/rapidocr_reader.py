"""RapidOCR as it ships, its own threads on all cores it may use.

Runs in an interpreter that has ``rapidocr`` and ``onnxruntime`` and nothing of this project.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
serve = importlib.import_module("loop").serve


def main() -> None:
    """Serve until standard input ends."""
    rapidocr = importlib.import_module("rapidocr")  # not installed where this file is checked
    engine = rapidocr.RapidOCR(params={"Global.log_level": "error"})

    def read(paths: list[str]) -> list[list[str]]:
        return [list(engine(path).txts or ()) for path in paths]

    serve("RapidOCR", importlib.metadata.version("rapidocr"), read)


if __name__ == "__main__":
    main()
