"""Sections of config.yaml that say what is read from a document, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator

from ingestd.config.section import Section


class AdmitConfig(Section):
    """Limits of a file that is read."""

    max_bytes: PositiveInt = Field(default=200_000_000, description="Largest file in bytes.")
    max_pages: PositiveInt = Field(default=1000, description="Most pages of one document.")
    max_pixels: PositiveInt = Field(default=200_000_000, description="Most pixels of one page.")


class ReadingConfig(Section):
    """Extent of the reading of a document, and time spent on it."""

    effort: Literal["fast", "auto", "careful"] = Field(
        default="auto",
        description="fast: read once. auto: read scans of documents that are not done a second time, with care."
        " careful: read everything with care.",
    )
    careful_pages: PositiveInt = Field(
        default=5, description="Documents with more pages than this are not read a second time (effort auto)."
    )
    careful_longest_side: PositiveInt = Field(
        default=1088, description="detect.longest_side (px) of a careful reading, if that is larger."
    )
    careful_detector: str | None = Field(
        default="ppocrv6-small-det",
        description="Entry of models/manifest.yaml that finds lines in a careful reading. null: detect.model.",
    )
    tables: bool = Field(default=True, description="Find the tables of each page: rows, columns and cells.")


class DecodeConfig(Section):
    """Pages out of files."""

    pdf_dpi: PositiveInt = Field(default=200, description="Resolution at which PDF pages without text are rastered.")
    text_layer: Literal["auto", "never"] = Field(
        default="auto", description="auto: use a PDF's own text where it covers the page."
    )


StepName = Literal[
    "grey",
    "clahe",
    "gaussian",
    "closing",
    "rescale",
    "sheet_boundary",
    "border",
    "deskew",
    "invert",
    "despeckle",
    "denoise",
    "bleed_through",
    "flatten",
    "stretch",
    "sharpen",
]

FORMER_STEPS = {"size": "rescale", "sheet": "sheet_boundary", "whiten": "bleed_through"}
"""Names of steps in 0.1.0, still accepted."""


class EnhanceConfig(Section):
    """Measures and corrections of a page before it is read."""

    plan: Literal["auto", "fixed", "none"] = Field(
        default="auto",
        description="auto: chosen per page from its measured quality; fixed: the steps below; none: nothing.",
    )
    steps: tuple[StepName, ...] = Field(
        default=("grey", "clahe", "gaussian", "closing", "rescale"), description="Steps of the fixed plan, in order."
    )
    deskew: bool = Field(default=True, description="Level pages that are slightly turned.")
    cut_out: bool = Field(
        default=True,
        description="Cut out and straighten photographed sheets, take dark scan borders away (plan auto).",
    )

    @field_validator("steps", mode="before")
    @classmethod
    def _renamed(cls, steps: object) -> object:
        if not isinstance(steps, list | tuple):
            return steps
        return [FORMER_STEPS.get(step, step) if isinstance(step, str) else step for step in steps]


class DetectConfig(Section):
    """Detection of text lines."""

    model: str = Field(default="ppocrv6-tiny-det", description="Entry of models/manifest.yaml.")
    longest_side: PositiveInt = Field(
        default=960, description="Page is scaled to this longest side (px); more where print is fine or the page long."
    )
    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(default=0.3, description="Pixel counts as text above this.")
    box_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.5, description="Mean text probability a box needs."
    )


class OrientConfig(Section):
    """Pages that lie on their side or stand on their head."""

    enabled: bool = Field(default=True, description="Turn pages upright by 90, 180 or 270 degrees.")
    model: str = Field(default="ppocr-mobile-cls", description="Entry of models/manifest.yaml.")


class RecogniseConfig(Section):
    """Recognition of text lines."""

    model: str = Field(default="crnn-lite", description="Entry of models/manifest.yaml.")
    second_model: str | None = Field(
        default="crnn-base",
        description="A better, slower entry that reads unsure lines and codes as well; both decide. null: none.",
    )
    second_below: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.8, description="A line is unsure where all of it is right with less than this probability."
    )
    third_model: str | None = Field(
        default="ppocrv6-small-rec",
        description="An entry for handwriting and rare characters. A careful reading asks it about lines that the"
        " others are unsure of. null: none.",
    )
    third_below: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.4, description="The third model reads lines of which all is right with less than this probability."
    )
    batch: PositiveInt = Field(default=8, description="Most lines in one batch.")
    min_confidence: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.5, description="Lines read with less are dropped as not being text."
    )
    alternatives: PositiveInt = Field(default=4, description="Characters kept per position, the emitted one included.")


class BarcodesConfig(Section):
    """QR and one-dimensional codes."""

    enabled: bool = Field(default=True, description="Look for codes on every page.")
    insist_on: tuple[str, ...] = Field(
        default=("发票",), description="Pages whose text contains one of these are searched harder for a QR code."
    )


class ExtractConfig(Section):
    """Rules of extraction."""

    rules: Path | None = Field(default=None, description="Folder of rule files; default: those that ship with ingestd.")


class ReviewConfig(Section):
    """Documents that a person has to look at."""

    below: float = Field(
        default=0.98,
        gt=0,
        le=1,
        description="A document goes to review when its key fields together are less likely right than this.",
    )


class ModelsConfig(Section):
    """Models of the networks."""

    folder: Path | None = Field(
        default=None, description="Folder with manifest.yaml; default: the models that ship with ingestd."
    )
