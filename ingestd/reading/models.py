"""The model manifest, checksums and inference sessions: the only module that imports onnxruntime.

A model is an entry in ``manifest.yaml``: where its file is, which bytes it must have, and everything
that a stage needs to know to feed it. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from ingestd.config.section import Section
from ingestd.config.shipped import shipped
from ingestd.config.source import Problem, Source, read_source, read_text
from ingestd.config.wording import described
from ingestd.errors import ConfigError

# Nothing leaves the machine. Builds of onnxruntime with telemetry keep a device id and a store of events below the
# home folder and can upload them; disable_telemetry_events() comes too late to prevent the files.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

MANIFEST = "manifest.yaml"

_ARENA_BYTES = 64 << 20
"""Memory of activations that a process keeps: enough for most pages."""

ort.set_default_logger_severity(3)  # errors; anything less is of no use to the reader of a log

Triple = tuple[float, float, float]


class _Entry(Section):
    """Keys of every entry: file, checksum, input, origin."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    file: Path | None = Field(default=None, description="ONNX file, relative to the folder of the manifest.")
    package: str | None = Field(default=None, description="Installed Python package that has the file ...")
    resource: str | None = Field(default=None, description="... and its path inside that package.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    channels: Literal["bgr", "rgb"] = "bgr"
    scale: PositiveFloat = Field(default=1 / 255, description="Input is (pixel * scale - mean) / std.")
    mean: Triple
    std: Triple
    licence: str = Field(min_length=1)
    origin: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.package is None) or (self.package is None) != (self.resource is None):
            raise ValueError("say either 'file' or 'package' with 'resource'")
        if min(self.std) <= 0:
            raise ValueError("'std' must be positive")
        return self

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn uint8 (N, H, W, 3) BGR into the model's float32 (N, 3, H, W)."""
        ordered = pixels if self.channels == "bgr" else pixels[..., ::-1]
        gain = self.scale / np.array(self.std)
        shift = -np.array(self.mean) / np.array(self.std)
        batch = np.empty((pixels.shape[0], 3, *pixels.shape[1:3]), np.float32)
        for channel in range(3):
            np.multiply(ordered[..., channel], np.float32(gain[channel]), out=batch[:, channel], casting="unsafe")
            batch[:, channel] += np.float32(shift[channel])
        return batch


class DetectorEntry(_Entry):
    """A text detector: input (1, 3, H, W), output text probability (1, 1, H, W) (DBNet)."""

    kind: Literal["detector"]
    multiple: PositiveInt = Field(default=32, description="Height and width of the input are multiples of this.")
    unclip: PositiveFloat = Field(
        default=1.6, description="The network marks shrunk text; boxes grow on every side by area * unclip / perimeter."
    )


class _LineEntry(_Entry):
    height: PositiveInt = Field(description="Lines are scaled to this height (px).")
    padding: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5, description="Grey right of a line that is narrower than the input, 0 black to 1 white."
    )

    @property
    def padding_value(self) -> int:
        """The padding as a pixel value, 0 to 255."""
        return round(self.padding * 255)


class OrientationEntry(_LineEntry):
    """Tells lines that stand on their head: input (N, 3, height, width), output (N, 2): 0 and 180 degrees."""

    kind: Literal["line-orientation"]
    width: PositiveInt = Field(description="Width of the input (px); longer lines are cut, not squeezed.")


class CharsetSource(Section):
    """List of the characters, one per line, in the order of the classes."""

    metadata: str | None = Field(default=None, description="Key in the metadata of the ONNX file.")
    file: Path | None = Field(default=None, description="UTF-8 text file, relative to the folder of the manifest.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.metadata is None) == (self.file is None):
            raise ValueError("say either 'metadata' or 'file'")
        return self


class RecogniserEntry(_LineEntry):
    """A CTC line recogniser: input (N, 3, height, W), output (N, W / downsampling, classes)."""

    kind: Literal["recogniser"]
    multiple: PositiveInt = Field(description="Widths are rounded up to a multiple of this (px).")
    downsampling: PositiveInt = Field(description="Input columns a frame of the output stands for (px).")
    condense: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Lines are narrowed to this share of their natural width: cost grows with width."
    )
    min_width: PositiveInt = Field(default=16, description="Narrower lines are padded to this width (px).")
    max_width: PositiveInt = Field(default=3200, description="Longer lines are squeezed to this width (px).")
    charset: CharsetSource
    blank: int = Field(default=0, description="Class of the CTC blank; negative counts from the end.")
    space: Literal["listed", "appended"] = Field(
        default="listed", description="appended: the class after the last character of the charset is the space."
    )
    output: Literal["probabilities", "logits"] = Field(
        description="probabilities: the graph ends in a softmax; logits: softmax is applied here."
    )
    temperature: PositiveFloat = Field(
        default=1.0, description="Calibration: probabilities are softmax(logits / temperature)."
    )


Entry = Annotated[DetectorEntry | RecogniserEntry | OrientationEntry, Field(discriminator="kind")]
E = TypeVar("E", DetectorEntry, RecogniserEntry, OrientationEntry)


class _Manifest(Section):
    models: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model, ready to run."""

    entry: DetectorEntry | RecogniserEntry | OrientationEntry
    session: Any
    """onnxruntime.InferenceSession."""
    charset: tuple[str, ...] = ()
    """Recognisers: one string per class in the order of the output, NFC; empty at the blank."""

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on one batch; input and output shapes as the entry's class says."""
        (output,) = self.session.run(None, {self.session.get_inputs()[0].name: batch}, _shrinking())
        return np.asarray(output)

    def entry_as(self, kind: type[E]) -> E:
        """Return the entry if it is of the kind that a stage needs.

        Raises:
            ConfigError: the configuration names a model of another kind.
        """
        if not isinstance(self.entry, kind):
            (expected,) = get_args(kind.model_fields["kind"].annotation)
            raise ConfigError(
                [f"model {self.entry.name}: found a {self.entry.kind}, expected a {expected}; correct config.yaml"]
            )
        return self.entry


@dataclass(frozen=True, slots=True)
class Manifest:
    """The models of one folder."""

    folder: Path
    entries: Mapping[str, DetectorEntry | RecogniserEntry | OrientationEntry]
    """By name, in the order of the file."""

    @property
    def hash(self) -> str:
        """First 16 hex digits of SHA-256 over all entries: the models' part of a document's provenance."""
        listed = [self.entries[name].model_dump(mode="json") for name in sorted(self.entries)]
        return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()[:16]

    def problems(self) -> list[str]:
        """List models whose file is missing or differs from the manifest, one line each."""
        return [problem for name in self.entries for problem in self.problems_of(name)]

    def problems_of(self, name: str) -> tuple[str, ...]:
        """List what is wrong with the file of one model; empty if it is the one that the manifest names."""
        try:
            self._verified(name)
        except ConfigError as error:
            return error.problems
        return ()

    def open(self, name: str, threads: int = 1) -> Model:
        """Load a model after checking its bytes against the manifest.

        Args:
            name: of the entry.
            threads: of one run; worker processes use one each.

        Raises:
            ConfigError: no such entry, no such file, other bytes than expected, or not a usable ONNX file.
        """
        content = self._verified(name)
        entry = self.entries[name]
        try:
            session = ort.InferenceSession(content, _session_options(threads), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ConfigError([f"{self._where(name)}: cannot be loaded: {' '.join(str(error).split())}"]) from error
        charset: tuple[str, ...] = ()
        if isinstance(entry, RecogniserEntry):
            charset = self._classes(entry, session)
        return Model(entry, session, charset)

    def _where(self, name: str) -> str:
        return f"{self.folder / MANIFEST}: models.{name}"

    def _verified(self, name: str) -> bytes:
        """Read the bytes of a model's file; what is hashed is what is loaded."""
        if name not in self.entries:
            known = ", ".join(self.entries)
            raise ConfigError([f"{self.folder / MANIFEST}: no model {name!r}; expected one of {known}"])
        entry = self.entries[name]
        try:
            if entry.file is not None:
                place, content = str(self.folder / entry.file), (self.folder / entry.file).read_bytes()
            else:
                place = f"{entry.resource} of the Python package {entry.package}"
                content = (importlib.resources.files(str(entry.package)) / str(entry.resource)).read_bytes()
        except (OSError, ModuleNotFoundError) as error:
            raise ConfigError(
                [f"{self._where(name)}: file cannot be read: {error}; install ingestd again or correct the entry"]
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != entry.sha256:
            raise ConfigError(
                [
                    f"{self._where(name)}: {place} has sha256 {found}, expected {entry.sha256}: "
                    "damaged or another version; install it again, or correct the entry if you changed it on purpose"
                ]
            )
        return content

    def _classes(self, entry: RecogniserEntry, session: Any) -> tuple[str, ...]:
        """Return the meaning of each class of a recogniser's output."""
        if entry.charset.metadata is not None:
            listed = session.get_modelmeta().custom_metadata_map.get(entry.charset.metadata)
            if listed is None:
                raise ConfigError(
                    [f"{self._where(entry.name)}.charset: no metadata {entry.charset.metadata!r} in the file"]
                )
        else:
            path = self.folder / str(entry.charset.file)
            try:
                listed = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError([f"{self._where(entry.name)}.charset: cannot be read: {error}"]) from error
        # Not splitlines(): that would also split at characters such as U+2028 that a charset may list.
        classes = [unicodedata.normalize("NFC", character) for character in listed.removesuffix("\n").split("\n")]
        if entry.space == "appended":
            classes.append(" ")
        count = len(classes) + 1
        outputs = session.get_outputs()[0].shape[-1]
        if isinstance(outputs, int) and outputs != count:
            raise ConfigError(
                [
                    f"{self._where(entry.name)}.charset: {count} classes with the blank, the network has {outputs}; "
                    "check 'charset' and 'space'"
                ]
            )
        if not -count <= entry.blank < count:
            raise ConfigError([f"{self._where(entry.name)}.blank: found {entry.blank}, expected less than {count}"])
        classes.insert(entry.blank % count, "")
        return tuple(classes)


@cache
def _share_arena() -> None:
    """Let all networks of this process take the memory of their activations from one arena.

    They run one after another, so what one has used serves the next. Without an arena the activations of a detector
    take two to three times the memory that they need, in pieces, and time to clear it for every layer.
    """
    place = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(place, ort.OrtArenaCfg({"initial_chunk_size_bytes": _ARENA_BYTES}))


def _session_options(threads: int) -> Any:
    _share_arena()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not _has_vnni(Path("/proc/cpuinfo")):
        # Sums of products of int8 overflow there; this takes slower products, which do not.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return options


@cache
def _shrinking() -> Any:
    """Options of a run after which the arena is as large as at the beginning, whatever the run took."""
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _has_vnni(cpuinfo: Path) -> bool:
    """Tell whether an x86 processor adds up products of int8 in 32 bits (AVX-512 VNNI, AVX-VNNI)."""
    return cpuinfo.is_file() and "vnni" in cpuinfo.read_text(encoding="ascii", errors="replace")


def load_manifest(folder: Path | None = None) -> Manifest:
    """Read ``manifest.yaml`` in the folder, by default the one that ships with ingestd.

    Raises:
        ConfigError: with one line for each problem.
    """
    folder = shipped("models") if folder is None else folder
    path = folder / MANIFEST
    source = read_source(read_text(path, "set models.folder in config.yaml, or leave it out"), path, "'models:'")
    try:
        entries = _Manifest.model_validate(source.data).models
    except ValidationError as error:
        raise ConfigError(source.report(_problem(source, detail) for detail in error.errors())) from error
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError([f"{path}: models: {name} is there twice; rename one" for name in twice])
    return Manifest(folder, {entry.name: entry for entry in entries})


def _problem(source: Source, detail: Any) -> Problem:
    """Describe a problem in one line that calls an entry by its name, not by its number."""
    at, keys = detail["loc"], [str(part) for part in detail["loc"]]
    if len(at) > 1 and at[0] == "models":
        at = (*at[:2], *at[3:])  # pydantic puts the kind of the entry after its number
        entry = source.data["models"][at[1]]
        named = isinstance(entry, dict) and isinstance(entry.get("name"), str)
        keys = ["models", entry["name"] if named else str(at[1]), *map(str, at[2:])]
    where = ".".join(keys) or "(file)"
    if detail["type"].startswith("union_tag"):
        return (*at, "kind"), f"{where}.kind: expected detector, recogniser or line-orientation"
    return at, f"{where}: {described(detail, _Manifest)}"
