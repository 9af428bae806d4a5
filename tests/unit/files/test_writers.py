"""Files that a program has open for writing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ingestd.files.writers import has_writer

HOLDER = "import sys; file = open(sys.argv[1], sys.argv[2]); print('open', flush=True); sys.stdin.read()"


def held_by_another(path: Path, mode: str) -> bool:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        return has_writer(path)


def test_a_writer_is_seen_and_a_reader_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(b"x")
    assert not has_writer(path)
    assert held_by_another(path, "ab")
    assert held_by_another(path, "r+b")
    assert not held_by_another(path, "rb")
    assert not has_writer(path), "it has closed the file"


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(b"x")
    handles = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(100):
        assert not has_writer(path)
        path.write_bytes(b"y")
    assert len(list(Path("/proc/self/fd").iterdir())) == handles


def test_what_is_no_file_has_no_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    assert not any(map(has_writer, (tmp_path, tmp_path / "fifo", tmp_path / "link", tmp_path / "none")))
