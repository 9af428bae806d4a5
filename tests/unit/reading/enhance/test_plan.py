from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from ingestd import config
from ingestd.config import EnhanceConfig
from ingestd.errors import ConfigError
from ingestd.layout.geometry import transform
from ingestd.reading.enhance import enhance
from ingestd.reading.enhance.plan import RULES, Planned, plan_steps
from ingestd.reading.enhance.quality import Quality
from ingestd.reading.enhance.steps import STEPS
from tests.support.places import ROOT
from tests.support.print import as_page, noisy, pixels_of, printed, shaded, sloping

CLEAN = Quality(
    brightness=1.0, contrast=0.7, edge_width_px=1.6, text_height_px=18.0, text_share=0.08, skew_deg=0.2, binary=0.9
)
AUTO = EnhanceConfig()


def names(planned: tuple[Planned, ...]) -> list[str]:
    return [name for name, _ in planned]


def test_clean_page_gets_nothing() -> None:
    assert plan_steps(CLEAN, AUTO) == ()


@pytest.mark.parametrize(
    ("defect", "steps"),
    [
        ({"contrast": 0.12}, ["stretch"]),
        ({"shading": 0.4}, ["flatten"]),
        ({"shading": 0.4, "edge_width_px": 4.0}, []),
        ({"noise": 30.0}, []),
        ({"binary": 1.0, "specks": 0.008}, ["despeckle"]),
        ({"skew_deg": -4.2}, ["deskew"]),
        ({"inverted": 1.0}, []),
        ({"inverted": 1.0, "contrast": 0.2}, ["invert", "stretch"]),
        ({"contrast": 0.1, "skew_deg": 2.0}, ["stretch", "deskew"]),
        ({"contrast": 0.1, "text_share": 0.0}, []),
        ({"contrast": 0.1, "edge_width_px": 4.0}, []),
    ],
)
def test_each_defect_gets_its_remedy(defect: dict[str, float], steps: list[str]) -> None:
    assert names(plan_steps(replace(CLEAN, **defect), AUTO)) == steps


def test_deskew_turns_by_the_measured_angle_unless_it_is_off() -> None:
    crooked = replace(CLEAN, skew_deg=-4.2)
    assert plan_steps(crooked, AUTO) == (Planned("deskew", -4.2),)
    assert plan_steps(crooked, EnhanceConfig(deskew=False)) == ()
    assert names(plan_steps(crooked, EnhanceConfig(plan="fixed", steps=("grey", "deskew"), deskew=False))) == ["grey"]


def test_fixed_is_the_configured_chain_whatever_the_page() -> None:
    fixed = EnhanceConfig(plan="fixed")
    assert names(plan_steps(CLEAN, fixed)) == ["grey", "clahe", "gaussian", "closing", "rescale"]
    assert dict(plan_steps(CLEAN, fixed))["clahe"] == 2.0


def test_grey_leads_where_a_step_needs_it() -> None:
    fixed = EnhanceConfig(plan="fixed", steps=("invert", "clahe", "closing"))
    assert names(plan_steps(CLEAN, fixed)) == ["grey", "invert", "clahe", "closing"]
    late = EnhanceConfig(plan="fixed", steps=("invert", "grey", "clahe"))
    assert names(plan_steps(CLEAN, late)) == ["invert", "grey", "clahe"]


def test_none_is_nothing() -> None:
    assert plan_steps(replace(CLEAN, contrast=0.05, skew_deg=9.0), EnhanceConfig(plan="none")) == ()


@pytest.mark.parametrize(("height", "factor"), [(6.0, 2.0), (8.0, 1.5), (20.0, 1.0), (96.0, 0.5), (0.0, 1.0)])
def test_size_brings_text_into_the_readers_range(height: float, factor: float) -> None:
    planned = plan_steps(replace(CLEAN, text_height_px=height), EnhanceConfig(plan="fixed", steps=("rescale",)))
    assert planned == (Planned("rescale", factor),)


def test_unknown_step_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"enhance\.steps\.1: found 'sharpness', expected 'grey', 'clahe'.*'deskew'"):
        config.parse("inboxes: [{path: a}]\nenhance: {steps: [grey, sharpness]}", tmp_path / "config.yaml")


def test_clean_page_passes_through_as_the_very_same_pixels() -> None:
    page = as_page(printed())
    result = enhance(page, AUTO)
    assert result.pixels is page.pixels
    assert result.to_source is page.to_source
    assert result.steps == ()
    assert result.quality["contrast"] > 0.5


@pytest.mark.parametrize("mode", ["none", "fixed"])
def test_quality_is_recorded_whatever_the_plan(mode: Literal["none", "fixed"]) -> None:
    assert enhance(as_page(printed()), EnhanceConfig(plan=mode)).quality["text_share"] > 0


def test_faded_page_is_stretched_and_says_so() -> None:
    page = as_page(noisy(200 - (255 - printed()) // 8, 1.0))
    result = enhance(page, AUTO)
    assert result.steps == ("stretch",)
    assert np.ptp(result.pixels) > 4 * np.ptp(page.pixels[50:-50])
    assert result.pixels.shape == page.pixels.shape
    assert not result.pixels.flags.writeable
    np.testing.assert_array_equal(result.to_source, np.eye(3))


def test_shaded_page_is_flattened() -> None:
    result = enhance(as_page(shaded(printed(), 0.4)), AUTO)
    assert result.steps == ("flatten",)
    assert np.median(result.pixels[-60:]) > 230


def test_crooked_page_is_levelled_in_colour_and_corners_map_back() -> None:
    crooked = sloping(printed(), 5)
    cv2.circle(crooked, (400, 220), 6, (0, 0, 255), -1)
    result = enhance(as_page(crooked), AUTO)
    assert result.steps == ("deskew",)
    assert result.skew_deg == pytest.approx(5, abs=0.2)
    red = (result.pixels[..., 2] > 200) & (result.pixels[..., 1] < 80)
    rows, columns = np.nonzero(red)
    found = transform(result.to_source, [(columns.mean(), rows.mean())])[0]
    np.testing.assert_allclose(found, (400, 220), atol=1)


def test_scaling_and_turning_compose_and_change_the_resolution() -> None:
    small = pixels_of(cv2.resize(sloping(printed(), 5), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    cv2.circle(small, (200, 110), 4, (0, 0, 255), -1)
    page = replace(as_page(small, dpi=100.0), to_source=np.diag([2.0, 2.0, 1.0]))
    options = EnhanceConfig(plan="fixed", steps=("rescale", "deskew"))
    result = enhance(page, options)
    measured = Quality(**result.quality)
    assert result.dpi == pytest.approx(100 * dict(plan_steps(measured, options))["rescale"], rel=0.01)
    red = (result.pixels[..., 2] > 200) & (result.pixels[..., 1] < 80)
    rows, columns = np.nonzero(red)
    found = transform(result.to_source, [(columns.mean(), rows.mean())])[0]
    np.testing.assert_allclose(found, (400, 220), atol=2)


def test_manual_states_every_rule_measure_and_step() -> None:
    manual = (ROOT / "docs" / "enhancement.md").read_text(encoding="utf-8")
    rules = [f"| `{rule.step}` | {rule.because} |" for rule in RULES]
    assert manual.split("| step | when |\n|---|---|\n")[1].split("\n\n")[0].splitlines() == rules
    for name in (*STEPS, *Quality.__dataclass_fields__):
        assert f"| `{name}` |" in manual
