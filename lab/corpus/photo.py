"""Paper on its way into an inbox: photographed on a desk, or fed through an old scanner."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ingestd.layout.geometry import as_quad, transform
from lab.corpus.raster import Raster, blotches

Planes = NDArray[np.float32]
"""HxWx3, RGB, 0 to 1."""


def photograph(page: Raster, rng: np.random.Generator, width: int = 1600) -> Raster:
    """Photograph a page lying on a desk, badly: askew, bent, in uneven light, a little out of focus.

    Args:
        page: the page as drawn; its lines move with it.
        rng: of everything that chance decides.
        width: of the photo in px; it is as high as the page needs.

    Returns:
        The photo, its lines where they ended up (the bend included).
    """
    source = np.asarray(page.image.convert("RGB"), np.float32) / 255
    page_height, page_width = source.shape[:2]
    height = round(width * (page_height / page_width * 0.86 + 0.14))
    matrix = _viewpoint((page_width, page_height), (width, height), rng)
    bend = page_height * rng.uniform(0.006, 0.012)

    y, x = np.mgrid[0:height, 0:width]
    on_page = transform(np.asarray(np.linalg.inv(matrix), np.float64), np.stack((x, y), axis=-1))
    on_page[..., 1] -= bend * np.sin(on_page[..., 0] / page_width * math.pi)
    maps = on_page.astype(np.float32)
    # The camera has fewer pixels than the drawing: soften first, else thin lines break up.
    soft = cv2.GaussianBlur(source, (0, 0), 0.35 * page_width / width)
    paper = cv2.remap(soft, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.remap(np.ones(source.shape[:2], np.float32), maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)[..., None]

    shadow = cv2.GaussianBlur(np.roll(cover[..., 0], (9, 7), (0, 1)), (0, 0), 11)[..., None]
    scene = paper * cover + _desk((height, width), rng) * (1 - 0.55 * shadow) * (1 - cover)
    photo = _exposed(np.asarray(scene * _light((height, width), rng), np.float32), rng)
    lines = []
    for quad, text in page.lines:
        corners = np.asarray(quad)
        corners[:, 1] += bend * np.sin(corners[:, 0] / page_width * math.pi)
        lines.append((as_quad(transform(matrix, corners)), text))
    return Raster(Image.fromarray(photo), tuple(lines))


def _viewpoint(page: tuple[int, int], photo: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """3x3 matrix from page to photo px: the far edge shorter, everything turned a little."""
    (width, height), (photo_width, photo_height) = page, photo
    margin = np.array((0.055 * photo_width, 0.075 * photo_height))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (np.array(photo) - 2 * margin) + margin
    inward = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * rng.uniform(0.0, 0.35, (4, 2)) * margin
    far = np.array([(1, 0), (-1, 0), (0, 0), (0, 0)]) * 0.035 * photo_width
    turned = cv2.getRotationMatrix2D(
        (photo_width / 2, photo_height / 2), rng.uniform(0.8, 2.0) * rng.choice([-1, 1]), 0.97
    )
    placed = (corners + inward + far) @ turned[:, :2].T + turned[:, 2]
    start = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(start, placed.astype(np.float32)), np.float64)


def _desk(shape: tuple[int, int], rng: np.random.Generator) -> Planes:
    """Wood: long grain, a slow change of tone."""
    grain = cv2.resize(blotches((shape[0], 24), rng, 5), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    tone = 0.72 + 0.2 * grain + 0.16 * blotches(shape, rng, 260) + 0.04 * blotches(shape, rng, 2.5)
    return np.asarray(tone[..., None] * np.array((0.50, 0.36, 0.25)), np.float32)


def _light(shape: tuple[int, int], rng: np.random.Generator) -> Planes:
    """A warm lamp on one side, the soft shadow of the person with the camera on the other."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width - 0.5, y / width - 0.5 * height / width
    lamp = 1.0 - 0.55 * np.hypot(u + 0.28, v + 0.16)
    lean, edge = rng.uniform(0.5, 0.8), rng.uniform(0.16, 0.24)
    inside = 1 / (1 + np.exp(-(u * math.cos(lean) + v * math.sin(lean) - edge) * 26))
    strength = lamp * (1 - 0.42 * inside)
    return np.asarray(strength[..., None] * np.array((1.0, 0.965, 0.885)), np.float32)


def _exposed(scene: Planes, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Through lens and sensor: slightly out of focus, slightly moved, noisy in the dark."""
    blurred = cv2.GaussianBlur(scene, (0, 0), 0.8)
    kernel = np.zeros((5, 5), np.float32)
    cv2.line(kernel, (1, 2), (3, 2 + int(rng.integers(-1, 2))), 1.0)
    moved = cv2.filter2D(blurred, -1, kernel / kernel.sum())
    luma = cv2.GaussianBlur(rng.standard_normal(scene.shape[:2], dtype=np.float32), (0, 0), 0.6)[..., None]
    chroma = cv2.GaussianBlur(rng.standard_normal(scene.shape, dtype=np.float32), (0, 0), 1.5)
    noisy = moved + 0.02 * luma + 0.03 * chroma
    return np.asarray(np.clip(noisy * 250 + 0.5, 0, 255), np.uint8)


def scan(page: Raster, rng: np.random.Generator) -> Raster:
    """Feed a page through an old scanner: grey, slightly crooked, paper not white, a streak, noise.

    Returns:
        A picture of the same size, mode L.
    """
    grey = np.asarray(page.image.convert("L"), np.float32) / 255
    height, width = grey.shape
    matrix = np.eye(3)
    angle = rng.uniform(0.4, 0.9) * rng.choice([-1, 1])
    matrix[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.992)
    matrix[:2, 2] += rng.uniform(-4, 4, 2)
    turned = cv2.warpAffine(grey, matrix[:2], (width, height), flags=cv2.INTER_LINEAR, borderValue=0.93)
    turned = cv2.GaussianBlur(turned, (0, 0), 0.7)
    x = np.arange(width, dtype=np.float32)
    streak = 1 - 0.10 * np.exp(-(((x - rng.uniform(0.6, 0.9) * width) / 1.6) ** 2))
    shade = 0.10 + 0.83 * turned
    shade *= streak[None, :] * (0.97 + 0.03 * blotches((height, width), rng, 200))
    shade *= 1 - 0.35 * np.exp(-x / 7)[None, :]
    shade += 0.014 * rng.standard_normal((height, width), dtype=np.float32)
    pixels = np.clip(shade * 255 + 0.5, 0, 255).astype(np.uint8)
    lines = tuple((as_quad(transform(matrix, quad)), text) for quad, text in page.lines)
    return Raster(Image.fromarray(pixels), lines)
