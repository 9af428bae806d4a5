"""A face that every machine has: the one inside Pillow. It knows no Chinese; boxes stand for those characters."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont


class BuiltinFonts:
    """Fonts for tests that must not depend on what is installed."""

    def face(self, name: str, size_px: int) -> ImageFont.FreeTypeFont:
        return _default(size_px)


@cache
def _default(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
