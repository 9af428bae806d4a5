from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from ingestd.errors import ConfigError
from ingestd.reading import models
from ingestd.reading.models import DetectorEntry, OrientationEntry, RecogniserEntry, load_manifest
from tests.support.models import manifest, opened
from tests.support.onnx_file import identity
from tests.support.places import ROOT

FIVE_CLASSES = identity(["n", "t", 5], {"charset": "A\nB\nC\nD"})


def entry(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": "own",
        "kind": "recogniser",
        "file": "own/model.onnx",
        "sha256": "0" * 64,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "height": 48,
        "multiple": 8,
        "downsampling": 8,
        "charset": {"metadata": "charset"},
        "output": "logits",
        "licence": "Apache-2.0",
        "origin": "tests",
    }
    return {key: value for key, value in (fields | changes).items() if value is not ...}


def write(folder: Path, *entries: dict[str, Any], content: bytes = FIVE_CLASSES, right_sha: bool = True) -> Path:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "model.onnx").write_bytes(content)
    if right_sha:
        entries = tuple(each | {"sha256": hashlib.sha256(content).hexdigest()} for each in entries)
    (folder / "manifest.yaml").write_text(yaml.safe_dump({"models": list(entries)}), encoding="utf-8")
    return folder


def problems_of(folder: Path, name: str | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        found = load_manifest(folder)
        found.open(name or "own")
    return caught.value.problems


def test_the_shipped_models_are_the_ones_the_manifest_names() -> None:
    assert manifest().problems() == []


@pytest.mark.parametrize(
    ("name", "kind", "shape", "output"),
    [
        ("ppocrv6-small-det", DetectorEntry, (1, 3, 64, 96), (1, 1, 64, 96)),
        ("ppocrv6-tiny-det", DetectorEntry, (1, 3, 64, 96), (1, 1, 64, 96)),
        ("ppocrv6-small-rec", RecogniserEntry, (2, 3, 48, 64), (2, 8, 18710)),
        ("crnn-lite", RecogniserEntry, (2, 3, 48, 64), (2, 8, 7229)),
        ("crnn-base", RecogniserEntry, (2, 3, 48, 64), (2, 8, 9302)),
        ("ppocr-mobile-cls", OrientationEntry, (3, 3, 48, 192), (3, 2)),
    ],
)
def test_shipped_models_run(name: str, kind: Any, shape: tuple[int, ...], output: tuple[int, ...]) -> None:
    model = opened(name)
    assert isinstance(model.entry_as(kind), kind)
    assert model.run(np.zeros(shape, np.float32)).shape == output


def test_the_shipped_charset_has_the_blank_first_and_the_space_last() -> None:
    charset = opened("ppocrv6-small-rec").charset
    assert (charset[0], charset[-1], len(charset)) == ("", " ", 18710)
    assert {"A", "z", "0", "¥", "税", "：", "（"} <= set(charset)


def test_every_shipped_model_names_licence_and_origin() -> None:
    for each in manifest().entries.values():
        assert each.licence == "Apache-2.0"
        assert "https://" in each.origin


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, entry())
    path = folder / "own" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"E")
    (problem,) = problems_of(folder)
    assert "models.own" in problem
    assert hashlib.sha256(path.read_bytes()).hexdigest() in problem
    assert "expected" in problem
    assert load_manifest(folder).problems() == [problem]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    folder = write(tmp_path, entry())
    (folder / "own" / "model.onnx").unlink()
    (problem,) = problems_of(folder)
    assert "own/model.onnx" in problem
    assert "install ingestd again or correct the entry" in problem


def test_a_missing_package_says_what_to_do(tmp_path: Path) -> None:
    folder = write(tmp_path, entry(file=..., package="no_such_package", resource="model.onnx"))
    (problem,) = problems_of(folder)
    assert "no_such_package" in problem


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no model 'ppocrv9'.*ppocrv6-small-det, .*ppocrv6-small-rec"):
        manifest().open("ppocrv9")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(write(tmp_path, entry(), content=b"not an ONNX file"))
    assert "models.own: cannot be loaded" in problem


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (entry(heigth=48), "7: models.own.heigth: unknown key; did you mean 'height'?"),
        (entry(height=...), "2: models.own.height: missing; add it"),
        (entry(kind="reader"), "7: models.own.kind: expected detector, recogniser or line-orientation"),
        (entry(sha256="beef"), "17: models.own.sha256: found 'beef', expected text that matches ^[0-9a-f]{64}$"),
        (entry(file=...), "2: models.own: say either 'file' or 'package' with 'resource'"),
        (entry(package="both"), "2: models.own: say either 'file' or 'package' with 'resource'"),
        (entry(charset={}), "2: models.own.charset: say either 'metadata' or 'file'"),
        (entry(std=[0.5, 0, 0.5]), "2: models.own: 'std' must be positive"),
        (entry(temperature=0), "22: models.own.temperature: found 0, expected more than 0.0"),
        (entry(name=...), "2: models.0.name: missing; add it"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, wrong: dict[str, Any], expected: str) -> None:
    (problem,) = problems_of(write(tmp_path, wrong, right_sha=False))
    assert problem.startswith(f"{tmp_path / 'manifest.yaml'}:{expected}")


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    problems = problems_of(write(tmp_path, entry(height=...), entry(name="other", blnak=0, licence=...)))
    assert [problem.split(": ")[1] for problem in problems] == [
        "models.own.height",
        "models.other.blnak",
        "models.other.licence",
    ]


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    assert problems_of(write(tmp_path, entry(), entry())) == (
        f"{tmp_path / 'manifest.yaml'}: models: own is there twice; rename one",
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("models: [", "not valid YAML"), ("- a", "found a list"), ("modles: []", "models: missing")]
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "manifest.yaml").write_text(text, encoding="utf-8")
    assert any(expected in problem for problem in problems_of(tmp_path))


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path)
    assert "set models.folder in config.yaml" in problem


@pytest.mark.parametrize(
    ("fields", "content", "charset"),
    [
        ({}, FIVE_CLASSES, ("", "A", "B", "C", "D")),
        ({"blank": -1}, FIVE_CLASSES, ("A", "B", "C", "D", "")),
        ({"blank": 2}, FIVE_CLASSES, ("A", "B", "", "C", "D")),
        ({"space": "appended"}, identity(["n", "t", 4], {"charset": "A\nB"}), ("", "A", "B", " ")),
        ({"space": "appended", "blank": -1}, identity(["n", "t", 4], {"charset": "A\nB"}), ("A", "B", " ", "")),
        ({}, identity(["n", "t", "c"], {"charset": "A\n \u2028\n\u212b\n"}), ("", "A", " \u2028", "Å")),
    ],
)
def test_classes_are_laid_out_as_the_entry_says(
    tmp_path: Path, fields: dict[str, Any], content: bytes, charset: tuple[str, ...]
) -> None:
    assert load_manifest(write(tmp_path, entry(**fields), content=content)).open("own").charset == charset


def test_a_charset_may_be_a_file_beside_the_model(tmp_path: Path) -> None:
    folder = write(tmp_path, entry(charset={"file": "own/charset.txt"}), content=identity(["n", "t", 3]))
    assert "charset: cannot be read" in problems_of(folder)[0]
    (folder / "own" / "charset.txt").write_text("甲\n乙\n", encoding="utf-8")
    assert load_manifest(folder).open("own").charset == ("", "甲", "乙")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"space": "appended"}, "6 classes with the blank, the network has 5"),
        ({"charset": {"metadata": "character"}}, "no metadata 'character' in the file"),
        ({"blank": 5}, "found 5, expected less than 5"),
    ],
)
def test_classes_that_do_not_fit_the_network_are_refused(tmp_path: Path, fields: dict[str, Any], expected: str) -> None:
    (problem,) = problems_of(write(tmp_path, entry(**fields)))
    assert expected in problem


def test_a_model_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="found a line-orientation, expected a detector"):
        opened("ppocr-mobile-cls").entry_as(DetectorEntry)


def test_the_hash_follows_the_content_and_not_the_layout(tmp_path: Path) -> None:
    folder = write(tmp_path, entry(), entry(name="other"))
    before = load_manifest(folder).hash
    path = folder / "manifest.yaml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    path.write_text("# turned round\n" + yaml.safe_dump({"models": listed[::-1]}), encoding="utf-8")
    assert load_manifest(folder).hash == before
    listed[0]["temperature"] = 1.5
    path.write_text(yaml.safe_dump({"models": listed}), encoding="utf-8")
    assert load_manifest(folder).hash != before


def test_pixels_become_input_as_the_entry_says() -> None:
    pixels = np.array([[[[0, 128, 255]]]], np.uint8)
    fields = {"mean": [0.5, 0.25, 0], "std": [0.5, 0.5, 2]}
    bgr = RecogniserEntry.model_validate(entry(**fields)).normalise(pixels)
    assert bgr.shape == (1, 3, 1, 1)
    assert bgr.dtype == np.float32
    assert bgr.ravel().tolist() == pytest.approx([-1, (128 / 255 - 0.25) / 0.5, 0.5])
    rgb = RecogniserEntry.model_validate(entry(channels="rgb", scale=1.0, **fields)).normalise(pixels)
    assert rgb.ravel().tolist() == pytest.approx([(255 - 0.5) / 0.5, (128 - 0.25) / 0.5, 0])


@pytest.mark.parametrize("name", ["crnn-lite", "crnn-base"])
def test_shipped_recognisers_read_with_layers_stored_as_int8(name: str) -> None:
    model = opened(name)
    entry = model.entry_as(RecogniserEntry)
    assert b"head.weight.T_quantized" in (load_manifest().folder / str(entry.file)).read_bytes()
    page = np.full((1, 48, 320, 3), 255, np.uint8)
    cv2.putText(page[0], "TOTAL 1,234.50", (4, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2, cv2.LINE_AA)
    best = model.run(entry.normalise(page))[0].argmax(-1)
    assert "".join(model.charset[index] for index, _ in groupby(best)) == "TOTAL 1,234.50"


def test_nothing_is_left_in_the_home_folder(tmp_path: Path) -> None:
    """Some builds of onnxruntime keep telemetry there unless told not to before they are imported."""
    program = "from ingestd.reading.models import load_manifest; load_manifest(None).open('ppocr-mobile-cls')"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    root = ROOT
    subprocess.run(
        [sys.executable, "-B", "-c", program],
        env={**environment, "HOME": str(tmp_path)},
        cwd=root,
        check=True,
        timeout=50,
    )
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("flags", "found"), [("avx2 avx512_vnni", True), ("avx2 avx_vnni", True), ("avx2 avx512f", False)]
)
def test_whether_sums_of_int8_products_overflow_is_known_from_the_processor(
    tmp_path: Path, flags: str, found: bool
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: fpu sse2 {flags} xsave\n")
    assert models._has_vnni(cpuinfo) is found
    assert models._session_options(1).get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_machine_that_does_not_tell_its_processor_takes_the_safe_products(tmp_path: Path) -> None:
    assert not models._has_vnni(tmp_path / "absent")


DETECTIONS = """
import numpy as np
from pathlib import Path
from ingestd.reading.models import load_manifest

def most_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

model = load_manifest().open("ppocrv6-tiny-det")
before = most_mb()
for width in (512, 672, 416, 640):
    model.run(np.zeros((1, 3, 960, width), np.float32))
print(most_mb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the most memory of a process")
def test_activations_take_little_more_memory_than_they_need() -> None:
    """49 MB are in use at a time at the largest of these sizes, 8 more for the input; without an arena it took 130."""
    done = subprocess.run([sys.executable, "-c", DETECTIONS], capture_output=True, text=True, check=True, cwd=ROOT)
    assert float(done.stdout) < 95
