"""Scenes that are recorded: what people and programs do with the daemon, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.rules import write_rules
from tests.support.stand_in import damaged, picture

CONFIGURATION = (
    "settle: {{quiet_s: 0.01, look_again_s: 0.01}}\n"
    "ledger: {{attempts: 9, backoff_s: 0.01, backoff_max_s: 0.01}}\n"
    "enhance: {{plan: none}}\n"
)


@dataclass(frozen=True)
class Step:
    """Something that is done in a process of its own.

    Attributes:
        does: words of a command of ingestd, or ``drop``, ``upload`` or ``rules`` with arguments.
        kill_after: the process is killed after so many changes of names; None: it ends by itself.
    """

    does: tuple[str, ...]
    kill_after: int | None = None


@dataclass(frozen=True)
class Scene:
    """Documents, a configuration, and what is done.

    Attributes:
        documents: content by name.
        waiting: of these the ones that are in the inbox, and on the disk, from the beginning.
        steps: in order.
        inbox: options of the inbox.
        more: of config.yaml; ``{other}`` is a folder on another filesystem, ``{rules}`` one for rules.
        bad: names of documents that cannot be read.
        sides: names of two documents that one is made of.
        original: what becomes of originals.
        corrected: (name, field, value) that people say.
    """

    documents: Mapping[str, bytes]
    waiting: tuple[str, ...]
    steps: tuple[Step, ...]
    inbox: str = ""
    more: str = ""
    bad: frozenset[str] = frozenset()
    sides: tuple[str, ...] = ()
    original: str = "move"
    corrected: tuple[tuple[str, str, str], ...] = ()

    def configuration(self, rules: Path, other: Path | None) -> str:
        """Text of config.yaml."""
        inbox = f"{{path: inbox, watch: polling, poll_s: 0.05, original: {self.original}{self.inbox}}}"
        more = (CONFIGURATION + self.more).format(other=other, rules=rules)
        return f"inboxes: [{inbox}]\n{more}"

    @property
    def needs_other(self) -> bool:
        """True if a second filesystem is part of it."""
        return "{other}" in self.more


def _run(kill_after: int | None = None) -> Step:
    return Step(("run", "--once"), kill_after)


def _letter(text: str) -> bytes:
    return pdf(PdfPage([Text(10, 50, text)], size=(220, 110)))


GOOD, MORE, BAD = picture(1), picture(2), damaged(1)
_FRONTS, _BACKS = _letter("Kwazula 12.50"), _letter("page 2")

_ARRIVALS: Mapping[str, bytes] = {"bad.png": BAD, "good.png": GOOD, "twin.png": GOOD, "later.png": MORE}
_MIXED: Mapping[str, bytes] = {"bad.png": BAD, "good.png": GOOD, "twin.png": GOOD}


SCENES: dict[str, Scene] = {
    "arrivals": Scene(
        _ARRIVALS,
        ("bad.png", "good.png", "twin.png"),
        (_run(), Step(("drop", "later.png")), Step(("retry", "--failed")), _run()),
        bad=frozenset({"bad.png"}),
    ),
    "stack": Scene(
        {"x-front.pdf": _FRONTS, "x-back.pdf": _BACKS},
        ("x-front.pdf", "x-back.pdf"),
        (_run(),),
        inbox=", duplex: ['*-front.pdf', '*-back.pdf']",
        sides=("x-front.pdf", "x-back.pdf"),
    ),
    "delete": Scene(_MIXED, tuple(_MIXED), (_run(),), original="delete", bad=frozenset({"bad.png"})),
    "leave": Scene(_MIXED, tuple(_MIXED), (_run(),), original="leave", bad=frozenset({"bad.png"})),
    "other filesystem": Scene(
        _MIXED,
        tuple(_MIXED),
        (_run(),),
        more="spool: {{archive: {other}/archive, failed: {other}/failed}}\n",
        bad=frozenset({"bad.png"}),
    ),
    "upload": Scene({"sent.png": MORE}, (), (Step(("upload", "sent.png")), _run()), more="web: {{port: 5000}}\n"),
    "desk": Scene(
        {"first.png": GOOD, "sent.png": MORE},
        ("first.png",),
        (
            Step(("rules", "tax")),
            _run(),
            Step(("correct", "first.png", "--kind", "note", "--by", "anna")),
            Step(("correct", "first.png", "tax=1.00", "--by", "anna")),
            Step(("rules", "total")),
            Step(("extract", "--all")),
            Step(("correct", "first.png", "total=106.00", "--by", "anna")),
            Step(("rename", "--all")),
            Step(("upload", "sent.png")),
            Step(("backup", "backup.db")),
            _run(),
        ),
        more="extract: {{rules: {rules}}}\nspool: {{layout: '{{total}}/{{name}}'}}\nweb: {{port: 5000}}\n",
        corrected=(("first.png", "@rule", "note"), ("first.png", "tax", "1.00"), ("first.png", "total", "106.00")),
    ),
}
"""Scenes by name."""


def killed(number: int) -> Scene:
    """Documents on their way while the daemon is killed after so many changes of names, and started again."""
    return Scene(_MIXED, tuple(_MIXED), (_run(number), _run()), bad=frozenset({"bad.png"}))


# -- steps, in processes of their own


def done(step: Step) -> str:
    """What is said when a step has come to its end."""
    return f"{' '.join(step.does)}: done"


def perform(step: Step, scene: Scene, root: Path, rules: Path) -> None:
    """Do what a step says; ends like a command of ingestd."""
    what, *words = step.does
    others: dict[str, Callable[..., None]] = {"drop": _drop, "upload": _upload, "rules": _write_rules}
    if what in others:
        others[what](scene, root, rules, *words)
        print(done(step), flush=True)
        return
    from ingestd.cli import main

    if what == "backup":
        words = [str(root / words[0])]
    sys.argv = ["ingestd", what, *words, "-c", str(root / "config.yaml")]
    try:
        main()
    except SystemExit as end:
        if not end.code:
            print(done(step), flush=True)
        raise


def _drop(scene: Scene, root: Path, _: Path, name: str) -> None:
    """Put a file into the inbox as a careful program does."""
    path = root / "inbox" / f".{name}.partial"
    with path.open("wb") as file:
        file.write(scene.documents[name])
        file.flush()
        os.fsync(file.fileno())
    path.rename(path.with_name(name))
    handle = os.open(path.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _upload(scene: Scene, root: Path, _: Path, name: str) -> None:
    """Send a file to the API."""
    from starlette.testclient import TestClient

    from ingestd.app.pipelines import rules_of
    from ingestd.clock import SystemClock
    from ingestd.config import load
    from ingestd.store.database import connect
    from ingestd.web.app import create_app
    from ingestd.web.tokens import Role, TokenStore
    from tests.support.desk import FakePainter
    from tests.support.world import FakeEngine

    config, clock = load(root / "config.yaml"), SystemClock()
    connect(config.record.database).close()  # as ``ingestd web`` does
    tokens = TokenStore(config.web.tokens)
    secret = tokens.add("anna", Role.ADMIN, clock.now())
    application = create_app(
        config,
        port=5000,
        rules=rules_of(config),
        reader=FakeEngine(),
        painter=FakePainter(),
        tokens=tokens,
        clock=clock,
    )
    client = TestClient(application, base_url="http://127.0.0.1:5000", headers={"Authorization": f"Bearer {secret}"})
    answer = client.post("/v1/documents", files={"document": (name, scene.documents[name])})
    assert answer.status_code == 202, answer.text


def _write_rules(_: Scene, __: Path, rules: Path, name: str) -> None:
    """Change the rules, which lie on another disk."""
    write_rules(rules, name=name)
