"""Whatever fields say, the original lies below the archive, under a name that any system takes, and is found again."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingestd.files.archive_layout import archive_folder
from ingestd.files.encoding import path_from, path_text
from ingestd.files.names import copy_path, error_path, free_target, partial_path, sidecar_path

LAYOUT = "{date|received:%Y}/{seller_name}/{date}_{invoice_no}_{total}_{kind}"
WINDOWS = re.compile(r'[<>:"|?*\\]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
PIECES = [
    *("/", "\\", "..", ".", " ", "\0", "\n", "\t", "\x1b[2J", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\x85"),
    *(
        "CON",
        "nul",
        "COM1",
        "lpt9.txt",
        ":",
        "*",
        "?",
        "<",
        ">",
        "|",
        '"',
        "%s",
        "{name}",
        "{0}",
        "$(id)",
        "`",
        "~",
        "-rf",
    ),
    *(
        "票",
        "é",
        "e\u0301",
        "𠮷",
        "🏳️‍🌈",
        "ﷺ",
        "a" * 300,
        "票" * 120,
        "json",
        ".json",
        ".partial",
        ".error.json",
        ".pdf",
    ),
]
COUNT = 2_000


def place(seller: str, number: str, total: str, date: str, name: str = "scan.pdf") -> Path:
    values = {"seller_name": seller, "invoice_no": number, "total": total, "date": date}
    folder, stored = archive_folder(
        Path("/archive"),
        LAYOUT,
        received=datetime(2026, 8, 3, tzinfo=UTC),
        name=name,
        inbox="in",
        rule="invoice",
        values={field: value for field, value in values.items() if value},
    )
    return folder / stored


def check(path: Path) -> None:
    relative = path.relative_to("/archive")
    assert Path(os.path.normpath(path)) == path
    assert len(relative.parts) == 3
    for part in relative.parts:
        assert not WINDOWS.search(part), part
        assert not part.startswith("-")
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in part)
        assert len(os.fsencode(part)) <= 215
    for beside in (sidecar_path, error_path, copy_path, partial_path):
        assert len(os.fsencode(beside(path).name)) <= 255


texts = st.text(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@given(seller=texts, number=texts, total=texts, date=texts)
def test_every_name_is_safe_on_every_system(seller: str, number: str, total: str, date: str) -> None:
    path = place(seller, number, total, date)
    check(path)
    assert path.suffix == ".pdf"


@given(name=st.text(min_size=1, max_size=300).filter(lambda name: not {"/", "\0"} & set(name)))
def test_any_dropped_name_gives_a_place_below_the_archive(name: str) -> None:
    path = place("Shop", "7", "1.00", "", name)
    assert path.relative_to("/archive").parts[:2] == ("2026", "Shop")
    assert len(os.fsencode(path.name)) <= 255


def test_hostile_names_are_archived_and_found_again(tmp_path: Path) -> None:
    rng = random.Random(18)
    index = sqlite3.connect(":memory:")
    index.execute("CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT UNIQUE)")
    for number in range(COUNT):
        seller, invoice, total = ("".join(rng.choices(PIECES, k=rng.randint(0, 4))) for _ in range(3))
        path = place(seller, invoice, total, rng.choice(("", "2026-03-09", "../..", "0001-01-01")))
        check(path)
        folder = tmp_path / path.relative_to("/archive").parent
        target = free_target(folder, path.name, f"{number:08x}", lambda _: False)
        folder.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"%d" % number)
        index.execute("INSERT INTO documents VALUES (?, ?)", [number, path_text(target)])
    for number, text in index.execute("SELECT id, path FROM documents"):
        assert path_from(text).read_bytes() == b"%d" % number
    assert sum(len(files) for _, _, files in os.walk(tmp_path)) == COUNT
