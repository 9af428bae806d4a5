"""Bad documents as the world makes them, to report figures on: written from scratch, and never shown to training.

FROZEN: no reader had been run over these pages when this was written, and it is never changed: figures of a reader that
its own pages were tuned to say nothing. It shares no code with lab.train or lab.corpus, and few mechanisms: optics and
sensors work on linear light, ink on densities, paper is a bent sheet. Every condition is a story from page to file.

Sizes are heights of letters: a page is brought to a resolution at which its letters have the height that the machine
of the story would give them, so that pages of all origins are spoilt alike. Amounts are drawn by seed; a person can
read what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from ingestd.document import Pixels
from lab.bench.spoil import ink, light, machines, paper
from lab.bench.spoil.light import Generator

Story = Callable[[Pixels, Generator], Pixels]


def spoilt(pixels: Pixels, condition: str, seed: int) -> Pixels:
    """Spoil a page.

    Args:
        pixels: uint8, HxWx3, BGR.
        condition: a key of CONDITIONS.
        seed: the same gives the same page.
    """
    return CONDITIONS[condition](pixels, np.random.default_rng([seed, *condition.encode()]))


def _phone(pixels: Pixels, rng: Generator) -> Pixels:
    """Photographed on a desk, by lamplight: curled, not level, out of focus towards the rim."""
    size = rng.uniform(12, 17)
    page = paper.at_print_size(pixels, size)
    sheet = light.linear(page) * 0.82
    lift = paper.curled(page.shape[:2], rng.uniform(0.01, 0.035), rng)
    scene, _ = paper.seen(sheet * paper.slope_light(lift, 0.5, rng), lift, 0.025, 0.06, rng)
    scene *= paper.lamp(scene.shape[:2], rng.uniform(0.2, 0.6), rng)
    centre = (rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7))
    blurred = light.unfocused(scene, rng.uniform(0.08, 0.14) * size, rng.uniform(0.14, 0.21) * size, centre)
    picture = light.sensed(blurred * paper.corners_dark(scene.shape[:2], 0.15), rng.uniform(400, 1500), 5, rng)
    return light.stored(light.developed(picture, 8, 1.0), int(rng.integers(60, 85)))


def _shaken(pixels: Pixels, rng: Generator) -> Pixels:
    """Photographed by a hand that moved."""
    size = rng.uniform(14, 19)
    page = paper.at_print_size(pixels, size)
    lift = paper.curled(page.shape[:2], 0.008, rng)
    scene, _ = paper.seen(light.linear(page) * 0.8, lift, 0.015, 0.03, rng)
    moved = light.shaken(scene, rng.uniform(0.34, 0.58) * size, rng)
    picture = light.sensed(moved * paper.lamp(scene.shape[:2], 0.3, rng), rng.uniform(500, 1500), 6, rng)
    return light.stored(light.developed(picture, 7, 1.0), int(rng.integers(70, 85)))


def _shadowed(pixels: Pixels, rng: Generator) -> Pixels:
    """Photographed from above, in the shadow of the hand, a lamp close by."""
    size = rng.uniform(12, 16)
    page = paper.at_print_size(pixels, size)
    scene, _ = paper.seen(light.linear(page) * 0.8, paper.curled(page.shape[:2], 0.012, rng), 0.02, 0.05, rng)
    shape = scene.shape[:2]
    scene *= paper.lamp(shape, rng.uniform(0.6, 1), rng) * paper.hand_shadow(shape, rng.uniform(0.14, 0.3), rng)
    blurred = light.unfocused(scene, 0.05 * size, 0.1 * size, (0.5, 0.5))
    picture = light.sensed(blurred, rng.uniform(900, 2500), 5, rng)
    return light.stored(light.developed(picture, 6, 0.8), int(rng.integers(75, 88)))


def _dark(pixels: Pixels, rng: Generator) -> Pixels:
    """Photographed in a dark room: few electrons, much smoothing, then brightened."""
    size = rng.uniform(14, 18)
    page = paper.at_print_size(pixels, size)
    lift = paper.curled(page.shape[:2], 0.01, rng)
    scene, _ = paper.seen(light.linear(page) * 0.8, lift, 0.015, 0.04, rng)
    scene *= paper.lamp(scene.shape[:2], 0.5, rng)
    level = rng.uniform(0.25, 0.5)
    picture = light.sensed(light.unfocused(scene, 0.04 * size, 0.08 * size, (0.5, 0.5)) * level, 140, 3, rng)
    return light.stored(light.developed(picture, rng.uniform(14, 20), 1.2), int(rng.integers(65, 85)))


def _forwarded(pixels: Pixels, rng: Generator) -> Pixels:
    """Sent by one messenger, made smaller, sharpened, sent by another."""
    size = rng.uniform(15, 20)
    page = paper.at_print_size(pixels, size)
    first = light.stored(page, int(rng.integers(30, 50)))
    smaller = paper.at_print_size(first, size * rng.uniform(0.56, 0.68))
    return light.stored(light.developed(smaller, 2, 0.9), int(rng.integers(20, 35)))


def _screen(pixels: Pixels, rng: Generator) -> Pixels:
    """Photographed from a screen: moire, a window mirrored in the glass."""
    page = paper.at_print_size(pixels, 26)
    scene, _ = machines.on_screen(page, paper.print_size(page), rng)
    picture = light.sensed(scene, rng.uniform(1500, 4000), 4, rng)
    return light.stored(light.developed(picture, 4, 0.8), int(rng.integers(72, 90)))


def _thermal(pixels: Pixels, rng: Generator) -> Pixels:
    """Printed on thermal paper, and faded; scanned."""
    size = rng.uniform(13, 18)
    page = paper.at_print_size(pixels, size)
    faded = ink.thermal(light.linear(page), size, rng.uniform(0.18, 0.32), rng)
    noisy = faded * (1 + 0.015 * rng.standard_normal(faded.shape, np.float32))
    return light.stored(light.encoded(np.asarray(noisy * 0.92, np.float32)), int(rng.integers(72, 90)))


def _carbon(pixels: Pixels, rng: Generator) -> Pixels:
    """A lower sheet of a set of forms, written through carbon paper; scanned."""
    size = rng.uniform(13, 18)
    page = paper.at_print_size(pixels, size)
    copy = ink.carbon(light.linear(page), size, rng.uniform(0.3, 1), rng)
    return light.stored(light.encoded(copy * 0.93), int(rng.integers(72, 90)))


def _form(pixels: Pixels, rng: Generator) -> Pixels:
    """Needle print that missed its place on a pale form; scanned at a low resolution."""
    page = paper.at_print_size(pixels, 30)
    size = paper.print_size(page)
    sheet = ink.form(light.linear(page), size, rng.uniform(0.25, 0.6), rng)
    scale = rng.uniform(12, 16) / size
    scan = cv2.resize(light.encoded(sheet * 0.93), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return light.stored(np.asarray(scan, np.uint8), int(rng.integers(70, 88)))


def _creased(pixels: Pixels, rng: Generator) -> Pixels:
    """Folded for an envelope, carried in a pocket, smoothed and photographed."""
    size = rng.uniform(13, 17)
    page = paper.at_print_size(pixels, size)
    shape = page.shape[:2]
    lift, folds = paper.folded(shape, rng.uniform(0.06, 0.14), rng)
    sheet = light.linear(page) * 0.8
    worn = sheet + (0.72 - sheet) * 0.75 * folds[..., None]
    facets = 1 + rng.uniform(0.1, 0.2) * paper.crumpled(shape, 70, rng)[..., None]
    scene, _ = paper.seen(worn * facets * paper.slope_light(lift, 1.2, rng), lift, 0.015, 0.06, rng)
    blurred = light.unfocused(scene, 0.06 * size, 0.1 * size, (0.5, 0.5))
    picture = light.sensed(blurred * paper.lamp(scene.shape[:2], 0.4, rng), 1200, 5, rng)
    return light.stored(light.developed(picture, 5, 0.7), int(rng.integers(75, 90)))


def _stamped(pixels: Pixels, rng: Generator) -> Pixels:
    """Stamped over and over the text; scanned."""
    size = rng.uniform(11, 15)
    page = paper.at_print_size(pixels, size)
    sheet = ink.stamped(light.linear(page) * 0.93, size, rng)
    return light.stored(light.encoded(sheet), int(rng.integers(60, 85)))


def _fax(pixels: Pixels, rng: Generator) -> Pixels:
    """Sent by fax at 204 x 98 dots per inch, as large as letters need to stay legible."""
    page = paper.at_print_size(pixels, 26)
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), rng.normal(0, 0.6), 1)
    fed = cv2.warpAffine(page, turn, page.shape[1::-1], flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    return machines.faxed(np.asarray(fed, np.uint8), paper.print_size(page), rng.uniform(7.5, 10), rng)


def _copied(pixels: Pixels, rng: Generator) -> Pixels:
    """A photocopy of a photocopy, scanned."""
    size = rng.uniform(13, 18)
    page = paper.at_print_size(pixels, size)
    return light.stored(machines.photocopied(page, size, int(rng.integers(2, 5)), rng), 80)


def _fed(pixels: Pixels, rng: Generator) -> Pixels:
    """Scanned by a feeder that slips, one edge lifted from the glass."""
    size = rng.uniform(10, 14)
    page = paper.at_print_size(pixels, size)
    return light.stored(machines.fed(page, size, rng.uniform(0.4, 1), rng), int(rng.integers(60, 85)))


CONDITIONS: Mapping[str, Story] = {
    "phone": _phone,
    "shaken": _shaken,
    "shadowed": _shadowed,
    "dark": _dark,
    "forwarded": _forwarded,
    "screen": _screen,
    "thermal": _thermal,
    "carbon": _carbon,
    "form": _form,
    "creased": _creased,
    "stamped": _stamped,
    "fax": _fax,
    "copied": _copied,
    "fed": _fed,
}
"""Names of conditions -> their stories."""
