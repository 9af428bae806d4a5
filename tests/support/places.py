"""Where the checkout lies."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make_too_deep(folder: Path) -> None:
    """Make folders in a folder until their path is longer than the kernel takes, and a file in the last."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("n" * 250, dir_fd=handle)
        deeper = os.open("n" * 250, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = deeper
    os.close(os.open("scan.png", os.O_CREAT, dir_fd=handle))
    os.close(handle)
