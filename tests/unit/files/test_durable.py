from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ingestd.errors import TransientError
from ingestd.files import durable
from tests.support.syncs import watched_syncs


def test_move_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(TransientError, match="exists"):
        durable.move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").read_text() == "a"
    assert (tmp_path / "b").read_text() == "b"


def test_move_across_filesystems_copies_then_unlinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if self.name == "a":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", across)
    source = tmp_path / "a"
    source.write_bytes(b"x" * 3_000_000)
    os.utime(source, ns=(1, 1_700_000_000_123_456_789))
    durable.move(source, tmp_path / "far" / "b")
    assert not source.exists()
    assert (tmp_path / "far" / "b").read_bytes() == b"x" * 3_000_000
    assert (tmp_path / "far" / "b").stat().st_mtime_ns == 1_700_000_000_123_456_789
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["b"]


def test_copy_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "to").mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TransientError, match="free space"):
        durable.copy(tmp_path / "a", tmp_path / "to" / "b")
    assert list((tmp_path / "to").iterdir()) == []
    assert (tmp_path / "a").read_bytes() == b"content"


def test_copy_follows_no_link_and_opens_no_fifo(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo"):
        with pytest.raises(TransientError):
            durable.copy(tmp_path / name, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_write_atomic_replaces_and_cleans_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    durable.write_atomic(path, b"one")
    durable.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TransientError):
        durable.write_atomic(path, b"three")
    assert path.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="half way"), durable.replacing(path) as target:
        target.write(b"new, but")
        raise RuntimeError("half way")
    assert path.read_bytes() == b"old"
    with durable.replacing(path) as target:
        target.write(b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


def test_a_file_that_is_replaced_is_synced_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / ".out.csv.partial").read_bytes()))
    monkeypatch.setattr(durable, "sync_folder", lambda folder: synced.append(bytes(folder / "out.csv")))
    with durable.replacing(tmp_path / "out.csv") as target:
        target.write(b"new")
    assert synced == [b"new", bytes(tmp_path / "out.csv")]


def test_link_in_the_place_of_a_growing_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"as it was")
    (tmp_path / "source").write_bytes(b"content")
    for name in ("copied", "written"):
        (tmp_path / f".{name}.partial").symlink_to(tmp_path / "precious")
    durable.copy(tmp_path / "source", tmp_path / "copied")
    durable.write_atomic(tmp_path / "written", b"content")
    assert (tmp_path / "precious").read_bytes() == b"as it was"
    assert [(tmp_path / name).read_bytes() for name in ("copied", "written")] == [b"content"] * 2
    assert not any(path.is_symlink() for path in tmp_path.iterdir())


def test_file_with_other_names_cannot_be_changed_by_them_afterwards(tmp_path: Path) -> None:
    source, other, target = tmp_path / "source", tmp_path / "other", tmp_path / "target"
    source.write_bytes(b"content")
    other.hardlink_to(source)
    moment = source.stat().st_mtime_ns
    durable.move(source, target)
    other.write_bytes(b"changed")
    assert (target.read_bytes(), target.stat().st_mtime_ns) == (b"content", moment)
    assert not source.exists()


def test_bytes_are_synced_before_a_file_moves_and_names_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    source, target = tmp_path / "from/a", tmp_path / "to/b"
    source.write_bytes(b"written by a program that does not sync")
    durable.make_folder(target.parent)
    syncs = watched_syncs(monkeypatch)
    durable.move(source, target)
    assert syncs == [str(source), f"rename {target}", str(target.parent), str(source.parent)]


def test_a_file_that_cannot_be_read_moves_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"a")

    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    durable.make_folder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(durable, "sync_folder", lambda _: None)
        patch.setattr(os, "open", refused)
        durable.move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"a"


def test_the_name_of_a_folder_that_another_process_made_is_synced_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archive/2026").mkdir(parents=True)
    syncs = watched_syncs(monkeypatch)
    durable.make_folder(tmp_path / "archive/2026/08")
    assert syncs[-3:] == [str(tmp_path), str(tmp_path / "archive"), str(tmp_path / "archive/2026")]
    syncs.clear()
    durable.make_folder(tmp_path / "archive/2026/09")
    assert syncs == [str(tmp_path / "archive/2026")]


def test_a_deletion_that_a_killed_process_did_not_sync_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = watched_syncs(monkeypatch)
    durable.remove(tmp_path / "gone")
    durable.remove(tmp_path / "no folder" / "gone")
    assert syncs == [str(tmp_path)]
