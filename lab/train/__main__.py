"""Subcommands of ``python -m lab.train``."""

from __future__ import annotations

import hashlib
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.corpus import fonts as font_packages

if TYPE_CHECKING:
    from lab.train.model import Member
    from lab.train.onnx_reader import Pixels

with_fonts = click.option(
    "--fonts", "font_folder", type=click.Path(exists=True, path_type=Path), required=True, help="Fetched fonts."
)


@click.group()
def main() -> None:
    """Make ingestd's own recogniser; README.md tells the order."""


@main.command()
@click.option("--into", type=click.Path(path_type=Path), required=True, help="Folder for fonts and word list.")
def fonts(into: Path) -> None:
    """Fetch the font packages."""
    font_packages.fetch(into)


@main.command()
@click.option(
    "--receipts", type=click.Path(exists=True, path_type=Path), required=True, help="Folder of SROIE receipts."
)
@click.option("--reader", type=click.Path(exists=True, path_type=Path), required=True, help="PP-OCR recogniser (ONNX).")
@click.option("--into", type=click.Path(path_type=Path), required=True, help="File to write (.npz).")
def real(receipts: Path, reader: Path, into: Path) -> None:
    """Cut real lines out of receipts and give their labels letter case."""
    from lab.train import real as real_lines
    from lab.train.onnx_reader import OnnxReader

    real_lines.save(real_lines.relabel(list(real_lines.lines(receipts)), OnnxReader(reader).read), into)


@main.command()
@click.option("--member", type=click.Choice(["base", "lite"]), required=True)
@with_fonts
@click.option("--donor", type=click.Path(exists=True, path_type=Path), help="PP-OCRv6 recogniser (ONNX) to begin from.")
@click.option("--init", type=click.Path(exists=True, path_type=Path), help="Exported model of ours to go on from.")
@click.option(
    "--dictionary", type=click.Path(exists=True, path_type=Path), help="The donor's inference.yml, where needed."
)
@click.option("--better", type=click.Path(exists=True, path_type=Path), help="PP-OCR recogniser with more characters.")
@click.option("--receipts", type=click.Path(exists=True, path_type=Path), help="Real lines from 'training real'.")
@click.option("--validation", type=click.Path(exists=True, path_type=Path), help="Folder of receipts to validate on.")
@click.option("--checkpoint", type=click.Path(path_type=Path), required=True, help="Written often; resumed if there.")
@click.option(
    "--curve", type=click.Path(path_type=Path), required=True, help="CSV that the learning curve is added to."
)
@click.option("--minutes", type=float, required=True, help="Wall time of the whole schedule.")
@click.option("--workers", type=int, default=2, show_default=True, help="Training (CPU) or drawing (GPU) processes.")
@click.option("--area", type=int, default=10240, show_default=True, help="Px of line width in a batch.")
@click.option("--rate", type=float, default=1.0, show_default=True, help="Factor on all learning rates.")
@click.option(
    "--round-after",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Share of the schedule after which what ships as int8 is rounded.",
)
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
def train(
    member: Member, font_folder: Path, donor: Path | None, init: Path | None, dictionary: Path | None,
    better: Path | None, receipts: Path | None, validation: Path | None, checkpoint: Path, curve: Path,
    minutes: float, workers: int, area: int, rate: float, round_after: float, device: str,
) -> None:  # fmt: skip
    """Train, or go on training."""
    import torch

    from lab.train import charset, pretrained
    from lab.train.export import restore
    from lab.train.model import Crnn
    from lab.train.train import Places, Recipe
    from lab.train.train import train as run
    from lab.train.transplant import transplant

    torch.manual_seed(1)
    resumed = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else {}
    weights = pretrained.read(donor, dictionary) if donor else None
    model = Crnn(member, len(charset.characters()) + 1)
    if not resumed and init:
        model = restore(init, weights)
    elif not resumed and weights:
        transplant(model, weights, charset.characters(), pretrained.read(better) if better else None)
    elif not resumed:
        raise click.UsageError("nothing to begin from: give --donor or --init")
    recipe = Recipe(member, minutes, workers, area, rate=rate, round_after=round_after)
    run(model, recipe, Places(font_folder, receipts, validation, checkpoint, curve), torch.device(device), resumed)


@main.command()
@with_fonts
@click.option("--lines", type=click.Path(exists=True, path_type=Path), required=True, help="Real lines from 'real'.")
@click.option("--count", type=int, default=4000, show_default=True, help="Most real lines to take along.")
@click.option("--validation", type=click.Path(exists=True, path_type=Path), required=True, help="Receipts to measure.")
@click.option("--handwriting", type=click.Path(exists=True, path_type=Path), required=True, help="Hands to measure.")
@click.option("--donor", type=click.Path(exists=True, path_type=Path), required=True, help="PP-OCRv6 small (ONNX).")
@click.option("--into", type=click.Path(path_type=Path), required=True, help="Folder to write.")
def carry(
    font_folder: Path, lines: Path, count: int, validation: Path, handwriting: Path, donor: Path, into: Path
) -> None:
    """Put what 'gpu' needs into one folder."""
    from lab.train import carry as carrying
    from lab.train import written

    strokes = font_folder / "strokes.npz"
    if not strokes.exists():
        written.fetch(strokes)
    carrying.carry(font_folder, strokes, lines, count, into)
    carrying.save_lines(carrying.validation(font_folder, validation, handwriting), into / "validation.npz")
    carrying.save_donor(donor, into / "donor.pt")


@main.command()
@click.option("--carried", type=click.Path(exists=True, path_type=Path), required=True, help="Folder from 'carry'.")
@click.option("--base", type=click.Path(exists=True, path_type=Path), required=True, help="crnn-base to go on from.")
@click.option("--lite", type=click.Path(exists=True, path_type=Path), required=True, help="crnn-lite to go on from.")
@click.option(
    "--share", type=click.FloatRange(0, 1), default=0.3, show_default=True, help="Of the way from the donor to --base."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for curve and weights.")
@click.option("--seconds", type=float, required=True, help="Wall time of everything.")
@click.option("--workers", type=int, default=15, show_default=True, help="Processes that draw.")
@click.option("--area", type=int, default=96_000, show_default=True, help="Px of line width in a batch.")
@click.option("--rate", type=float, default=1.0, show_default=True, help="Factor on all learning rates.")
@click.option("--round-after", type=click.FloatRange(0, 1), default=0.7, show_default=True, help="As for 'train'.")
@click.option("--every", type=int, default=1, show_default=True, help="Measure every n-th development line.")
@click.option("--device", default="cuda", show_default=True, help="cpu or cuda.")
def gpu(
    carried: Path, base: Path, lite: Path, share: float, out: Path, seconds: float, workers: int, area: int,
    rate: float, round_after: float, every: int, device: str,
) -> None:  # fmt: skip
    """Train both networks against the clock, on a GPU with many cores beside it."""
    begun = time.monotonic()
    import torch

    from lab.train.gpu import Budget, Places, Run

    out.mkdir(parents=True, exist_ok=True)
    budget = Budget(seconds, workers, area, rate, share, round_after, every)
    Run(Places(carried, base, lite, out), budget, torch.device(device), begun).go()


@main.command()
@with_fonts
@click.option("--preview", type=click.Path(path_type=Path), required=True, help="Picture to write (.png).")
@click.option("--seed", type=int, default=1, show_default=True)
def render(font_folder: Path, preview: Path, seed: int) -> None:
    """Draw every effect at every severity into one picture."""
    from lab.train.preview import sheet

    sheet(font_folder, seed, preview)


@main.command()
@click.option("--checkpoint", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--before", type=click.Path(exists=True, path_type=Path), help="Shipped model to average with.")
@click.option(
    "--new", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Of the way from --before to the new."
)
@click.option("--donor", type=click.Path(exists=True, path_type=Path), help="Needed where --share is less than 1.")
@click.option(
    "--dictionary", type=click.Path(exists=True, path_type=Path), help="The donor's inference.yml, where needed."
)
@click.option("--share", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Of the way from the donor.")
@with_fonts
@click.option(
    "--receipts", type=click.Path(exists=True, path_type=Path), required=True, help="Receipts to calibrate on."
)
@click.option("--into", type=click.Path(path_type=Path), required=True, help="ONNX file to write.")
def export(
    checkpoint: Path, before: Path | None, new: float, donor: Path | None, dictionary: Path | None, share: float,
    font_folder: Path, receipts: Path, into: Path,
) -> None:  # fmt: skip
    """Write the averaged weights of a checkpoint as ONNX, with its temperature fitted."""
    import torch

    from lab.train import carry, charset, pretrained, scoring
    from lab.train import export as exporting
    from lab.train.calibrate import fit_temperature, run
    from lab.train.model import Crnn
    from lab.train.onnx_reader import OnnxReader
    from lab.train.transplant import transplant

    saved = torch.load(checkpoint, weights_only=True)
    member, classes = saved["recipe"]["member"], len(charset.characters()) + 1
    model = Crnn(member, classes)
    model.load_state_dict({name: value.float() for name, value in saved["average"].items()})
    if share < 1 and donor is None:
        raise click.UsageError("--share needs --donor")
    original = Crnn(member, classes)
    if donor:
        transplant(original, pretrained.read(donor, dictionary), charset.characters())
    if before:
        exporting.mix(model, carry.begin(before, original if donor else None), new)
    if share < 1:
        exporting.blend(model, original, share)
    notes = {"member": member, "lines": str(saved["seen"]), "new": str(new), "share": str(share)}
    exporting.export(model, into, notes, _training_lines(font_folder) if saved["recipe"]["round_after"] < 1 else [])
    validation = scoring.evaluation_set(font_folder, seed=102, per_severity=100)
    validation += scoring.receipt_set(receipts, every=15)
    temperature = fit_temperature(run(OnnxReader(into), validation), validation, ("", *charset.characters()))
    exporting.note(into, {"temperature": str(temperature)})
    click.echo(f"temperature {temperature}")
    click.echo(f"sha256 {hashlib.sha256(into.read_bytes()).hexdigest()}")


@main.command("round")
@click.option("--model", type=click.Path(exists=True, path_type=Path), required=True, help="Recogniser, all float.")
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The file to write.")
@with_fonts
def rounded(model: Path, into: Path, font_folder: Path) -> None:
    """Store the layers of a float recogniser as int8 that lose nothing by it."""
    import onnx

    from lab.train import export as exporting
    from lab.train import quantise
    from lab.train.rounding import rounded_layers

    network = onnx.load(model)
    quantise.quantise(network, rounded_layers(exporting.restore(model)), _training_lines(font_folder))
    onnx.save(network, into)
    click.echo(f"sha256 {hashlib.sha256(into.read_bytes()).hexdigest()}")


def _training_lines(font_folder: Path) -> list[Pixels]:
    """Drawn lines, of the kinds that are trained on, to measure activations on."""
    from lab.corpus import fonts
    from lab.train import dataset, quantise

    sampler = dataset.Sampler(font_folder, fonts.Split.TRAIN, dataset.Mixture(), (), seed=103)
    return [line.pixels for line in islice(sampler.many(), quantise.LINES)]


@main.command()
@click.option("--model", type=click.Path(exists=True, path_type=Path), required=True, help="Recogniser (ONNX).")
@with_fonts
@click.option("--receipts", type=click.Path(exists=True, path_type=Path), help="Folder of receipts to read as well.")
@click.option(
    "--documents", multiple=True, type=click.Path(exists=True, path_type=Path), help="Folder of PDFs to read as well."
)
@click.option("--per-severity", type=int, default=200, show_default=True, help="Drawn lines of each severity.")
def evaluate(
    model: Path, font_folder: Path, receipts: Path | None, documents: tuple[Path, ...], per_severity: int
) -> None:
    """Print the figures of one model on lines drawn with held-out fonts, on receipts and on lines of PDFs."""
    from lab.train import outside, scoring
    from lab.train.onnx_reader import OnnxReader

    lines = scoring.evaluation_set(font_folder, seed=7, per_severity=per_severity)
    if receipts:
        lines += scoring.receipt_set(receipts)
    lines += outside.lines(sorted(path for folder in documents for path in folder.rglob("*.pdf")), seed=7)
    readings = OnnxReader(model).read([line.pixels for line in lines])
    for name, found in scoring.figures(lines, readings).items():
        interval = f"{found.low:.1f}-{found.high:.1f}"
        click.echo(f"{name:28} {found.percent:5.1f} ({interval})  characters {found.characters:5.2f}  n {found.lines}")


@main.command()
@click.argument("curves", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), required=True, help="SVG file to write.")
def plot(curves: tuple[Path, ...], into: Path) -> None:
    """Draw the learning curve of a model from the CSV files of its runs, in order."""
    from lab.train.plot import plot as draw

    draw(curves, into)


if __name__ == "__main__":
    main()
