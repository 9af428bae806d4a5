"""Events are lost, the inbox goes and comes back, the archive may not be written: nothing is missed."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import disks
from tests.support.armed import Faults
from tests.support.invariants import check, originals
from tests.support.nursery import Nursery
from tests.support.places import make_too_deep
from tests.support.process import Installation, until
from tests.support.stand_in import picture
from tests.support.unprivileged import NOBODY

pytestmark = pytest.mark.timeout(120)

QUICK = "settle: {quiet_s: 0.1, rescan_s: 0.5}\nledger: {backoff_s: 0.2, backoff_max_s: 0.5}\n"
FAULTS = Faults(inline=True)


def installation(root: Path, inbox: str = "path: inbox, poll_s: 0.2") -> Installation:
    return Installation(root / "place", f"[{{{inbox}}}]", QUICK)


def drop(place: Installation, *numbers: int) -> dict[str, bytes]:
    dropped = {f"{number}.png": picture(number) for number in numbers}
    for name, content in dropped.items():
        (place.inbox / name).write_bytes(content)
    return dropped


def test_folder_that_cannot_be_walked_hides_nothing_and_is_told_by_the_exit_status(
    root: Path, nursery: Nursery
) -> None:
    place = installation(root)
    (place.inbox / "mmm").mkdir()
    make_too_deep(place.inbox / "mmm")
    (place.inbox / "aaa").mkdir()
    drop(place, 1)
    (place.inbox / "1.png").rename(place.inbox / "aaa/first.png")
    assert nursery.start(place.config, FAULTS, "--once").wait() == 1
    assert place.documents() == ["first.png"]
    assert "cannot look at" in place.log()
    assert "was lost" not in place.log()


def test_file_that_its_writer_holds_open_is_recorded_whole(root: Path, nursery: Nursery) -> None:
    """A scanner writes page after page through one handle; the file ends properly after each."""
    place = installation(root)
    daemon = nursery.start(place.config, FAULTS)
    first, second = picture(1), picture(2)
    with (place.inbox / "scan.png").open("wb") as scanner:
        scanner.write(first)
        scanner.flush()
        drop(place, 2, 3)
        until("later files", lambda: place.documents() == ["2.png", "3.png"])
        drop(place, 4)
        until("one more", lambda: "4.png" in place.documents())
        assert (place.inbox / "scan.png").exists()
        scanner.write(second)
    until("the scan", lambda: "scan.png" in place.documents())
    daemon.stop()
    [(size,)] = place.query("select size_bytes from documents where name = 'scan.png'")
    assert size == len(first) + len(second)


def test_pitfall_04_files_that_came_while_the_daemon_was_stopped_are_found(root: Path, nursery: Nursery) -> None:
    place = installation(root)
    daemon = nursery.start(place.config, FAULTS)
    dropped = drop(place, 0)
    until("the first", lambda: place.settled(1))
    daemon.signal(signal.SIGSTOP)
    dropped |= drop(place, *range(1, 151))
    daemon.signal(signal.SIGCONT)
    until("all of them", lambda: place.settled(151))
    daemon.stop()
    check(place, dropped)


def test_pitfall_14_inotify_exhausted_is_said_and_the_inbox_is_polled(root: Path, nursery: Nursery) -> None:
    place = installation(root)
    for folder in (root, place.root):
        folder.chmod(0o777)
    place.inbox.chmod(0o777)
    (place.root / "daemon.log").touch()
    daemon = nursery.start(place.config, Faults(inline=True, no_inotify=True, user=NOBODY))
    dropped = drop(place, 0, 1)
    until("both", lambda: place.settled(2))
    assert "polling every 0.2 s" in place.log()
    assert "fs.inotify.max_user_instances" in place.log()
    dropped |= drop(place, 2)
    until("the third", lambda: place.settled(3))
    daemon.stop()
    check(place, dropped)


@pytest.fixture(params=["renamed", "mounted"] if disks.may_mount() else ["renamed"])
def share(request: pytest.FixtureRequest, root: Path) -> Iterator[Share]:
    with ExitStack() as stack:
        share = Share(root / "place" / "inbox", really=request.param == "mounted", stack=stack)
        yield share


class Share:
    """A filesystem that is taken from under the inbox and put back; where nobody may mount, a folder."""

    def __init__(self, inbox: Path, really: bool, stack: ExitStack) -> None:
        self.inbox = inbox
        self._really = really
        self._elsewhere = inbox.with_name("elsewhere")
        self._stack = stack

    def attach(self) -> None:
        """Make it the inbox for the first time."""
        if self._really:
            disks.mount(self._elsewhere)
            self._stack.callback(disks.unmount, self._elsewhere)
            disks.bind(self._elsewhere, self.inbox)
        else:
            self.inbox.rename(self.inbox.with_name("underneath"))
            self.inbox.mkdir()

    def take(self) -> None:
        """What is in the inbox is out of reach; the empty folder underneath shows."""
        if self._really:
            disks.unmount(self.inbox)
        else:
            self.inbox.rename(self._elsewhere)
            self.inbox.with_name("underneath").rename(self.inbox)

    def put_back(self) -> None:
        """The inbox is what it was."""
        if self._really:
            disks.bind(self._elsewhere, self.inbox)
            self._stack.callback(disks.unmount, self.inbox)
        else:
            self.inbox.rename(self.inbox.with_name("underneath"))
            self._elsewhere.rename(self.inbox)


def test_pitfall_15_and_16_inbox_that_is_unmounted_is_not_trusted_until_it_is_back(
    root: Path, share: Share, nursery: Nursery
) -> None:
    place = installation(root, "path: inbox, poll_s: 0.2, sentinel: .mounted")
    share.attach()
    (place.inbox / ".mounted").touch()
    daemon = nursery.start(place.config, FAULTS)
    dropped = drop(place, 0)
    until("the first", lambda: place.settled(1))

    share.take()
    until("a word about it", lambda: "is the share mounted?" in place.log())
    (stray,) = drop(place, 50)
    assert place.settled(1)

    share.put_back()
    dropped |= drop(place, 1)
    until("the second", lambda: place.settled(2))
    daemon.stop()
    assert "watching again" in place.log()
    (place.inbox / ".mounted").unlink()
    check(place, dropped)
    assert not (place.inbox / stray).exists(), "what was dropped beside the share is still there, untouched"


def test_pitfall_15_inbox_that_is_deleted_and_made_again_is_watched_again(root: Path, nursery: Nursery) -> None:
    place = installation(root)
    daemon = nursery.start(place.config, FAULTS)
    dropped = drop(place, 0)
    until("the first", lambda: place.settled(1))
    shutil.rmtree(place.inbox)
    until("a word about it", lambda: "cannot be read" in place.log())
    place.inbox.mkdir()
    dropped |= drop(place, 1)
    until("the second", lambda: place.settled(2))
    daemon.stop()
    check(place, dropped)


def test_pitfall_12_archive_that_may_not_be_written_is_waited_for(root: Path, nursery: Nursery) -> None:
    place = installation(root)
    archive = place.root / "archive"
    archive.mkdir()
    for folder in (root, place.root, place.inbox, archive):
        folder.chmod(0o777)
    (place.root / "daemon.log").touch()
    daemon = nursery.start(place.config, Faults(inline=True, user=NOBODY))
    until("the daemon to watch", lambda: "watching" in place.log())
    archive.chmod(0o555)
    dropped = drop(place, 0, 1)
    until("a word about it", lambda: "write permission" in place.log())
    assert sum(originals(place).values()) == 2
    assert place.files("archive") == []
    archive.chmod(0o777)
    until("both", lambda: place.settled(2))
    daemon.stop()
    check(place, dropped)
