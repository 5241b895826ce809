"""Made-up photos, from which one sees at a glance that they are pictures."""

import io

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Colour = tuple[int, int, int]


def photo(width: int, height: int, top: Colour, bottom: Colour) -> bytes:
    """Paint a gradient with a bright disc, as PNG."""
    ground = ImageOps.colorize(Image.linear_gradient("L").resize((width, height)), top, bottom)
    disc, radius = Image.new("L", ground.size), height // 4
    ImageDraw.Draw(disc).circle((width // 1.5, height // 2.2), radius, fill=255)
    ground.paste(ImageEnhance.Brightness(ground).enhance(1.6), mask=disc)
    written = io.BytesIO()
    ground.save(written, "PNG")
    return written.getvalue()
