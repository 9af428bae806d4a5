"""Compare readers on real pages spoilt by a degrader that training never saw: ``python -m lab.bench.spoiled``.

Documents are the report splits of papers from outside (lab/bench/outside.toml), the real specimens and receipts of
sroie, as pictures. Each is spoilt in two ways drawn by seed (lab.bench.spoil). Readers are RapidOCR as it ships and
ingestd with each ``reading.effort``; they take turns at every condition, each with the same cores.

The text holds a value if it stands anywhere in it, however it is written (lab.bench.holds, the same for all readers).
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from PIL import Image, ImageOps
from rich.progress import Progress

from ingestd.document import Extraction, Pixels, Status
from ingestd.files.identity import digest
from lab.bench import harness
from lab.bench.compare import RAPIDOCR, READERS
from lab.bench.fields import MINOR, answers_of
from lab.bench.holds import holds, searched
from lab.bench.known import Known
from lab.bench.readers.process import ReaderProcess
from lab.bench.spoil import CONDITIONS, spoilt
from lab.bench.truths import known

SEED = 20261128
"""Of the conditions of every document, in the run that is reported."""
CORPORA = ("world", "einvoices", "real", "sroie")
REPORTED = ("world report", "einvoices report", "real", "sroie even", "sroie odd")
"""Groups of documents that figures are quoted from."""
EFFORTS = ("fast", "auto", "careful")
PEER = "RapidOCR"
CLEAN = "clean"
MAX_PAGES = 2
"""Documents with more pages are left out: the same few layouts would count many times."""
PDF_DPI = 200
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A document under a condition."""

    known: Known
    condition: str
    pages: tuple[Path, ...]
    """A picture for each page, for readers that take pictures."""
    file: Path
    """All pages in one file."""


@dataclass(slots=True)
class Tally:
    """Figures of one reader, to be added up."""

    held: int = 0
    searched: int = 0
    right: int = 0
    wrong: int = 0
    fields: int = 0
    done: int = 0
    misled: int = 0
    documents: int = 0
    pages: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    """Values that the text does not hold."""

    def count(self, document: Known, lines: Sequence[str], extraction: Extraction | None) -> None:
        """Count one document.

        Args:
            document: what is true.
            lines: what was read.
            extraction: what was understood; None where the reader understands nothing.
        """
        self.documents += 1
        for names, wanted in document.values.items():
            if searched(names[0]):
                self.searched += 1
                found = holds(names[0], wanted, lines)
                self.held += found
                if not found:
                    self.lost.append(f"{document.path.name}: {names[0]} {wanted}")
        if extraction is None:
            return
        answers = answers_of(document, extraction)
        self.fields += len(answers)
        self.right += sum(answer.right for answer in answers)
        self.wrong += sum(answer.wrong for answer in answers)
        done = extraction.status is Status.DONE
        self.done += done
        self.misled += done and any(answer.wrong for answer in answers if answer.field not in MINOR)


def options(parser: argparse.ArgumentParser) -> None:
    """Add documents, conditions and readers."""
    parser.add_argument("--seed", type=int, default=SEED, help="of the conditions; rehearse with another one")
    parser.add_argument("--each", type=int, default=2, metavar="N", help="conditions per document")
    parser.add_argument("--receipts", type=int, default=16, metavar="N", help="receipts of sroie that are read")
    parser.add_argument("--sample", type=int, metavar="N", help="read so many documents only")
    parser.add_argument("--tune", action="store_true", help="read the splits that are for tuning instead")
    parser.add_argument("--clean", action="store_true", help="read the documents as they are as well")
    parser.add_argument("--efforts", nargs="+", choices=EFFORTS, default=list(EFFORTS))
    parser.add_argument("--cores", type=int, default=2, help="how many each reader may use")
    parser.add_argument("--rapidocr", type=Path, default=os.environ.get(RAPIDOCR), metavar="PYTHON")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Spoil the documents and let all readers read them."""
    documents = chosen(options)
    with tempfile.TemporaryDirectory(prefix="ingestd-spoilt-") as folder:
        given = list(_all_spoilt(documents, options, Path(folder)))
        tallies, versions = _read(given, options, Path(folder))
    pages = sum(len(one.pages) for one in given)
    about = "papers from outside (report splits), real specimens and receipts" if not options.tune else "tuning splits"
    readers = ", ".join(f"{name} {version}" for name, version in versions.items())
    split = (
        f"{len(documents)} documents: {about}. Each in {options.each} conditions drawn by seed {options.seed},"
        f" {pages} pages in all. {readers}; {options.cores} cores"
    )
    lost = {f"{reader}, {condition}": tally.lost for (reader, condition), tally in tallies.items()}
    return harness.Outcome(split, (_summary(tallies), _by_condition(tallies)), {"lost": lost})


def chosen(options: argparse.Namespace) -> list[Known]:
    """Return the documents that are read, in the order of their names."""
    found: list[Known] = []
    for corpus in CORPORA if not options.tune else ("world", "einvoices", "sroie-train"):
        documents = [one for one in known(corpus) if one.values and _pages(one.path) <= MAX_PAGES]
        if options.tune:
            documents = [one for one in documents if one.group not in REPORTED]
        else:
            documents = [one for one in documents if one.group in REPORTED]
        if corpus.startswith("sroie"):
            documents = _some(documents, options.receipts, 0)
        found += documents
    return _some(found, options.sample, options.seed) if options.sample else found


def _some(documents: Sequence[Known], count: int, seed: int) -> list[Known]:
    places = sorted(random.Random(seed).sample(range(len(documents)), min(count, len(documents))))
    return [documents[place] for place in places]


def _pages(path: Path) -> int:
    return len(pypdfium2.PdfDocument(path)) if path.suffix == ".pdf" else 1


def pictures(path: Path) -> list[Pixels]:
    """Return the pages of a document as people see them: uint8, HxWx3, BGR."""
    if path.suffix == ".pdf":
        shown = [page.render(scale=PDF_DPI / 72).to_pil() for page in pypdfium2.PdfDocument(path)]
    else:
        with Image.open(path) as opened:
            shown = [ImageOps.exif_transpose(opened).convert("RGBA")]
    found = []
    for image in shown:
        sheet = Image.new("RGBA", image.size, "white")
        sheet.alpha_composite(image.convert("RGBA"))
        found.append(np.ascontiguousarray(np.asarray(sheet.convert("RGB"))[..., ::-1]))
    return found


def _all_spoilt(documents: Sequence[Known], options: argparse.Namespace, folder: Path) -> Iterator[Spoilt]:
    """Write the documents under their conditions, as many at a time as there are cores."""
    orders = []
    for document in documents:
        draw = random.Random(f"{options.seed} {document.path.name}")
        conditions = draw.sample(sorted(CONDITIONS), options.each)
        orders += [(document, name, options.seed, folder) for name in ([CLEAN] if options.clean else []) + conditions]
    with ProcessPoolExecutor(options.cores) as pool, Progress() as progress:
        yield from progress.track(pool.map(_spoil, *zip(*orders, strict=True)), len(orders), description="spoiling")


def _spoil(document: Known, condition: str, seed: int, folder: Path) -> Spoilt:
    cv2.setNumThreads(1)
    target = folder / condition
    target.mkdir(exist_ok=True)
    pages = []
    for place, pixels in enumerate(pictures(document.path)):
        bad = pixels if condition == CLEAN else spoilt(pixels, condition, seed + 1000 * place)
        pages.append(target / f"{document.path.stem}-{place}.png")
        cv2.imwrite(str(pages[-1]), bad, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    file = pages[0]
    if len(pages) > 1:
        file = target / f"{document.path.stem}.tiff"
        first, *others = (Image.open(page) for page in pages)
        first.save(file, save_all=True, append_images=others, compression="tiff_lzw")
    return Spoilt(document, condition, tuple(pages), file)


def _read(
    given: Sequence[Spoilt], options: argparse.Namespace, folder: Path
) -> tuple[dict[tuple[str, str], Tally], dict[str, str]]:
    """Let all readers read all conditions in turn; figures by reader and condition."""
    tallies: dict[tuple[str, str], Tally] = {}
    versions: dict[str, str] = {}
    conditions = [name for name in (CLEAN, *CONDITIONS) if any(one.condition == name for one in given)]
    with ExitStack() as running, Progress() as progress:
        readers: dict[str, tuple[ReaderProcess, Path | None]] = {}
        for name, command, extractions in _commands(options, folder):
            readers[name] = running.enter_context(ReaderProcess(command, given[0].pages[0], options.cores)), extractions
            versions[name.split()[0]] = readers[name][0].version
        task = progress.add_task("reading", total=len(given) * len(readers))
        for condition in conditions:
            group = [one for one in given if one.condition == condition]
            for name, (reader, extractions) in readers.items():
                tallies[name, condition] = _tally(group, reader, extractions)
                progress.advance(task, len(group))
    return tallies, versions


def _commands(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[str], Path | None]]:
    """Yield name, command, and the folder for what is understood."""
    for effort in options.efforts:
        extractions = folder / f"extractions-{effort}"
        extractions.mkdir()
        ours = [sys.executable, "-m", "lab.bench.readers.ingestd_reader", "--effort", effort]
        yield f"ingestd {effort}", [*ours, "--extractions", str(extractions)], extractions
    if options.rapidocr:
        yield PEER, [str(options.rapidocr), str(READERS / "rapidocr_reader.py")], None
    else:
        print(f"{PEER} is left out: name an interpreter that has it with --rapidocr or ${RAPIDOCR}", file=sys.stderr)


def _tally(group: Sequence[Spoilt], reader: ReaderProcess, extractions: Path | None) -> Tally:
    """Read the documents of a condition: files where they are understood, else pictures of their pages."""
    pages = sum(len(one.pages) for one in group)
    if extractions is not None:
        result = reader.read([one.file for one in group])
        texts: list[Sequence[str]] = list(result.texts)
    else:
        result = reader.read([page for one in group for page in one.pages])
        rest = iter(result.texts)
        texts = [[line for _ in one.pages for line in next(rest)] for one in group]
    tally = Tally(pages=pages, seconds=result.seconds)
    for one, lines in zip(group, texts, strict=True):
        kept = extractions / f"{digest(one.file)}.pickle" if extractions is not None else None
        tally.count(one.known, lines, pickle.loads(kept.read_bytes()) if kept is not None else None)
    return tally


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for one in tallies:
        for name in ("held", "searched", "right", "wrong", "fields", "done", "misled", "documents", "pages", "seconds"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return total


def _summary(tallies: Mapping[tuple[str, str], Tally]) -> harness.Table:
    rows = []
    for reader in dict.fromkeys(name for name, _ in tallies):
        for what, belongs in _PARTS.items():
            own = _sum(tally for (name, condition), tally in tallies.items() if name == reader and belongs(condition))
            if not own.documents:
                continue
            understood = ("", "", "", "")
            if own.fields:
                done = f"{own.done} {own.done / own.documents:.0%}"
                understood = (f"{own.right / own.fields:.1%}", f"{own.wrong}", done, f"{own.misled}")
            held = f"{own.held}/{own.searched} {own.held / own.searched:.1%}"
            rows.append((reader, what, f"{own.documents}", held, *understood, f"{own.seconds / own.pages:.2f}"))
    columns = (
        *("reader", "pages", "documents", "text holds", "fields right", "wrong", "done"),
        *("with a wrong key field", "s per page"),
    )
    return harness.Table("all conditions", columns, tuple(rows))


_PARTS: Mapping[str, Callable[[str], bool]] = {
    CLEAN: lambda condition: condition == CLEAN,
    "spoilt": lambda condition: condition != CLEAN,
}


def _by_condition(tallies: Mapping[tuple[str, str], Tally]) -> harness.Table:
    """Return what the texts of all readers hold under each condition; and fields right, done and seconds of each."""
    readers = list(dict.fromkeys(name for name, _ in tallies))
    rows = []
    for condition in dict.fromkeys(condition for _, condition in tallies):
        own = [tallies[reader, condition] for reader in readers]
        cells = [f"{tally.held / max(tally.searched, 1):.1%}" for tally in own]
        cells += [f"{tally.right / tally.fields:.1%}, {tally.done}" for tally in own if tally.fields]
        cells += [f"{tally.seconds / max(tally.pages, 1):.2f}" for tally in own]
        rows.append((condition, f"{own[0].documents}", f"{own[0].searched}", *cells))
    understanding = [reader for reader in readers if reader != PEER]
    columns = (
        *("condition", "documents", "values", *(f"{reader}: text holds" for reader in readers)),
        *(f"{reader}: fields right, done" for reader in understanding),
        *(f"{reader}: s per page" for reader in readers),
    )
    return harness.Table("by condition", columns, tuple(rows))


if __name__ == "__main__":
    harness.run("spoiled", __doc__, measure, options)
