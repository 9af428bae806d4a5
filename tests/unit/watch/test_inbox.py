from __future__ import annotations

import dataclasses
import os
import queue
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestd.config import InboxConfig, SettleConfig
from ingestd.files.identity import Identity, look
from ingestd.watch.inbox import Inbox
from ingestd.watch.observe import Events, filesystem_type, raises_events

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xae\x42\x60\x82"
SETTLE = SettleConfig(quiet_s=2.0, incomplete_s=60.0, rescan_s=30.0)


def inbox(root: Path, noted: dict[Path, Identity] | None = None, **options: object) -> Inbox:
    config = InboxConfig.model_validate({"path": root, "name": "inbox", "watch": "polling", **options})
    return Inbox(config, SETTLE, None, noted or {})


def taken(box: Inbox, now: float) -> list[str]:
    box.turn(now)
    return sorted(str(arrival.path.relative_to(box.config.path)) for arrival in box.turn(now + 2.0))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_files_in_subfolders_are_taken_and_ignored_names_are_not(root: Path) -> None:
    (root / "sub" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in ("a.png", "sub/b.png", "sub/deep/c.png", ".d.png", "e.png.part", ".hidden/f.png"):
        (root / name).write_bytes(PNG)
    assert taken(inbox(root), 0.0) == ["a.png", "sub/b.png", "sub/deep/c.png"]
    assert taken(inbox(root, recursive=False), 0.0) == ["a.png"]


def test_pitfall_03_file_is_handed_over_once_until_it_changes(root: Path) -> None:
    (root / "a.png").write_bytes(PNG)
    box = inbox(root)
    assert taken(box, 0.0) == ["a.png"]
    assert taken(box, 100.0) == []

    (root / "a.png").write_bytes(PNG + b"more" + PNG)
    assert taken(box, 200.0) == ["a.png"]


def test_new_file_under_the_name_of_a_claimed_one_is_handed_over(root: Path) -> None:
    path = root / "a.png"
    path.write_bytes(PNG)
    box = inbox(root)
    assert taken(box, 0.0) == ["a.png"]
    kept = path.rename(root.parent / "kept.png")
    box.taken(path)
    shutil.copy2(kept, path)
    assert taken(box, 100.0) == ["a.png"]


def test_pitfall_11_and_12_original_left_in_place_is_not_taken_again_after_a_restart(root: Path) -> None:
    path = root / "a.png"
    path.write_bytes(PNG)
    identity = look(path)
    assert identity is not None
    box = inbox(root, {path: identity}, original="leave")
    assert taken(box, 0.0) == []

    path.write_bytes(PNG + PNG)
    assert taken(box, 100.0) == ["a.png"]
    box.taken(path)
    assert taken(box, 200.0) == []


def test_irregular_files_are_handed_over_at_once(root: Path) -> None:
    outside = root.parent / "outside.png"
    outside.write_bytes(PNG)
    (root / "link.png").symlink_to(outside)
    (root / "folder-link").symlink_to(root.parent)
    os.mkfifo(root / "fifo.png")
    handed_over = {arrival.path.name for arrival in inbox(root).turn(0.0)}
    assert handed_over == {"link.png", "folder-link", "fifo.png"}


def test_pitfall_15_lost_folder_is_reported_and_comes_back(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    box = inbox(root)
    box.turn(0.0)
    shutil.rmtree(root)
    box.turn(10.0)
    assert box.problem is not None
    box.turn(20.0)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1, "said once"

    root.mkdir()
    (root / "a.png").write_bytes(PNG)
    assert taken(box, 30.0) == ["a.png"]
    assert box.problem is None


def test_pitfall_16_folder_without_its_sentinel_is_not_trusted(root: Path) -> None:
    box = inbox(root, sentinel=".mounted")
    (root / "a.png").write_bytes(PNG)
    assert taken(box, 0.0) == []
    assert box.problem is not None
    assert ".mounted" in box.problem

    (root / ".mounted").touch()
    assert taken(box, 10.0) == ["a.png"]


def test_visible_sentinel_is_never_taken(root: Path) -> None:
    (root / "mounted.png").write_bytes(PNG)
    assert taken(inbox(root, sentinel="mounted.png"), 0.0) == []


def test_polling_inbox_asks_to_be_looked_at_every_poll(root: Path) -> None:
    box = inbox(root, poll_s=3.0)
    assert box.next_due(0.0) == 0.0
    box.turn(0.0)
    assert box.next_due(0.0) == 3.0


def test_pitfall_04_and_13_lost_events_are_made_good_by_the_rescan(root: Path) -> None:
    box = inbox(root)
    box.turn(0.0)
    folder = root.parent / "batch"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.png").write_bytes(PNG)
    folder.rename(root / "batch")
    assert len(taken(box, 40.0)) == 20


def test_folder_that_an_event_names_is_looked_through(root: Path) -> None:
    box = inbox(root)
    box.turn(0.0)
    (root / "batch").mkdir()
    (root / "batch" / "a.png").write_bytes(PNG)
    box.hint(root / "batch")
    box.turn(0.1)
    assert [arrival.path.name for arrival in box.turn(2.2)] == ["a.png"]


def test_hints_outside_the_inbox_or_ignored_do_nothing(root: Path) -> None:
    box = inbox(root, recursive=False)
    box.turn(0.0)
    (root / ".a.png").write_bytes(PNG)
    (root / "sub").mkdir()
    (root / "sub" / "b.png").write_bytes(PNG)
    for path in (root / ".a.png", root.parent / "elsewhere.png", root / "sub" / "b.png", root / "sub", root / "gone"):
        box.hint(path)
    box.turn(0.1)
    assert box.pending == 0


def test_native_events_arrive_as_hints(root: Path) -> None:
    hints: queue.Queue[Path] = queue.Queue()
    events = Events(lambda: None)
    try:
        assert events.arm(root, hints.put, recursive=True) is None
        (root / "a.png").write_bytes(PNG)
        assert hints.get(timeout=10) == root / "a.png"
        outside = root.parent / "b.png"
        outside.write_bytes(PNG)
        outside.rename(root / "b.png")
        while hints.get(timeout=10) != root / "b.png":
            pass
        assert events.alive(root)
        events.disarm(root)
        assert not events.alive(root)
    finally:
        events.close()


def test_pitfall_14_watch_that_cannot_be_armed_falls_back_to_polling(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class NoWatchesLeft(Events):
        def __init__(self) -> None:
            pass

        def arm(self, root: Path, hint: Callable[[Path], None], *, recursive: bool) -> str | None:
            return "No space left on device; raise fs.inotify.max_user_watches"

        def disarm(self, root: Path) -> None:
            pass

    config = InboxConfig(path=root, name="inbox", watch="native")
    box = Inbox(config, SETTLE, NoWatchesLeft(), {})
    (root / "a.png").write_bytes(PNG)
    assert taken(box, 0.0) == ["a.png"]
    assert not box.native
    assert "max_user_watches" in caplog.text


def test_pitfall_02_network_filesystems_raise_no_events() -> None:
    mountinfo = (
        "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 0:44 / /mnt/share rw shared:2 - cifs //server/share rw\n"
        "31 22 0:45 / /mnt/with\\040space rw shared:3 - nfs4 server:/ rw\n"
    )
    assert filesystem_type(Path("/home/scans"), mountinfo) == "ext4"
    assert filesystem_type(Path("/mnt/share/inbox"), mountinfo) == "cifs"
    assert filesystem_type(Path("/mnt/with space/inbox"), mountinfo) == "nfs4"
    assert filesystem_type(Path("/mnt/shared"), mountinfo) == "ext4"


def test_local_folder_raises_events(root: Path) -> None:
    assert raises_events(root)


@pytest.mark.parametrize(
    "name",
    [
        *("THUMBS.DB", "Desktop.ini", "A.TMP", "A.PART", "a.filepart", "a.lock", "a.png~", "a.bak", "a.swp", "a.!sync"),
        *("a.aria2", "ehthumbs.db", "Icon\r", "a.lnk", "a.url", "System Volume Information/a.png", "lost+found/a.png"),
        *("#recycle/a.png", "@eaDir/a.png", "$RECYCLE.BIN/a.png", "__MACOSX/a.png"),
    ],
)
def test_what_other_programs_leave_is_not_taken(root: Path, name: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes(PNG)
    assert taken(inbox(root), 0.0) == []


def test_original_left_in_place_and_rewritten_with_its_old_size_and_time_is_taken_again(root: Path) -> None:
    path = root / "a.png"
    path.write_bytes(PNG)
    before = path.stat()
    box = inbox(root, original="leave")
    assert taken(box, 0.0) == ["a.png"]
    path.write_bytes(PNG[:8] + b"\1" + PNG[9:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert taken(box, 100.0) == ["a.png"]


def test_file_that_an_older_version_noted_without_its_time_of_any_change_is_not_taken_again(root: Path) -> None:
    path = root / "a.png"
    path.write_bytes(PNG)
    known = look(path)
    assert known is not None
    box = inbox(root, {path: dataclasses.replace(known, ctime_ns=None)}, original="leave")
    assert taken(box, 0.0) == []
