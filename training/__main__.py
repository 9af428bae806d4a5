"""Subcommands of ``python -m training``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from training import fonts as font_packages

if TYPE_CHECKING:
    from training.model import Member


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
    from training import real as real_lines
    from training.onnx_reader import OnnxReader

    real_lines.save(real_lines.relabel(list(real_lines.lines(receipts)), OnnxReader(reader).read), into)


@main.command()
@click.option("--member", type=click.Choice(["base", "lite"]), required=True)
@click.option(
    "--fonts", "font_folder", type=click.Path(exists=True, path_type=Path), required=True, help="Fetched fonts."
)
@click.option("--donor", type=click.Path(exists=True, path_type=Path), help="PP-OCRv6 recogniser (ONNX) to begin from.")
@click.option("--dictionary", type=click.Path(exists=True, path_type=Path), help="The donor's characters, one a line.")
@click.option("--receipts", type=click.Path(exists=True, path_type=Path), help="Real lines from 'training real'.")
@click.option("--validation", type=click.Path(exists=True, path_type=Path), help="Folder of receipts to validate on.")
@click.option("--checkpoint", type=click.Path(path_type=Path), required=True, help="Written often; resumed if there.")
@click.option(
    "--curve", type=click.Path(path_type=Path), required=True, help="CSV that the learning curve is added to."
)
@click.option("--minutes", type=float, required=True, help="Wall time of the whole schedule.")
@click.option("--workers", type=int, default=2, show_default=True, help="Training (CPU) or drawing (GPU) processes.")
@click.option("--area", type=int, default=10240, show_default=True, help="Px of line width in a batch.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
def train(
    member: Member, font_folder: Path, donor: Path | None, dictionary: Path | None, receipts: Path | None,
    validation: Path | None, checkpoint: Path, curve: Path, minutes: float, workers: int, area: int, device: str,
) -> None:  # fmt: skip
    """Train, or go on training."""
    import torch

    from training import charset, pretrained
    from training.model import Crnn, transplant
    from training.train import Places, Recipe
    from training.train import train as run

    torch.manual_seed(1)
    model = Crnn(member, len(charset.characters()) + 1)
    resumed = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else {}
    if not resumed:
        if donor is None:
            raise click.UsageError("nothing to begin from: give --donor")
        transplant(model, pretrained.read(donor, dictionary), charset.characters())
    recipe = Recipe(member, minutes, workers, area)
    run(model, recipe, Places(font_folder, receipts, validation, checkpoint, curve), torch.device(device), resumed)


if __name__ == "__main__":
    main()
