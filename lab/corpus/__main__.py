"""Draw the sample documents into a folder: ``python -m lab.corpus samples``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab.corpus.fonts import FontMissingError, InstalledFonts
from lab.corpus.samples import draw_samples


def main() -> int:
    """Return the exit status: 0 done, 1 a font is missing."""
    parser = argparse.ArgumentParser(prog="python -m lab.corpus", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the samples go; it is made if it is not there")
    folder: Path = parser.parse_args().folder
    try:
        files = draw_samples(InstalledFonts())
    except FontMissingError as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        print(f"{folder / name}  {len(content):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
