"""One image file, as viewers show it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING

import numpy as np

from nasflow.base.errors import InvalidSpec
from nasflow.base.lines import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

_OF_16_BITS = ("PNG", "PPM")
"""Formats whose 16 bits Pillow may keep in numbers of 32."""

_LOOKED_AT = 100
"""Images whose sides are looked at, at most: so many tell the median well enough."""

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def decode(file: Path, size: int) -> Pixels:
    """One image: uint8 [size, size, 3], scaled to cover the square and cut to its middle.

    Turned as its EXIF tag says, on white where it is transparent, 16 bits a pixel as their upper 8. Raise
    InvalidSpec that names the file if it is broken, cut off, absurdly large, or of other numbers than bytes
    and 16 bits: which of these is black and which is white, nobody says.
    """
    from PIL import Image, ImageOps

    with _read(file) as image:
        image.draft("RGB", (size, size))  # A JPEG is decoded no larger than needed.
        seen = _on_white(_in_bytes(_upright(image), image.format))
        return np.asarray(ImageOps.fit(seen, (size, size), Image.Resampling.BILINEAR))


def median_side(files: Sequence[Path]) -> int:
    """Pixels of images' smaller side, the median of some of them, whose pixels are not decoded.

    Raise InvalidSpec that names one of them if it is broken.
    """
    sides = list[int]()
    for file in files[:: math.ceil(len(files) / _LOOKED_AT)]:
        with _read(file) as image:
            sides.append(min(image.size))
    return median_low(sides)


@contextmanager
def _read(file: Path) -> Iterator["Image"]:
    """An image file, whose header is read; raise InvalidSpec that names it for whatever is wrong with it."""
    from PIL import Image

    try:
        if not file.is_file():
            # Whoever opens a FIFO waits for somebody who writes to it.
            raise OSError("no file, or a link to none")
        with Image.open(file) as image:
            yield image
    # RuntimeError: of broken AVIF.
    except (OSError, SyntaxError, ValueError, RuntimeError, Image.DecompressionBombError) as error:
        raise InvalidSpec(
            f"{file}: no image that can be read ({one_line(str(error))}): replace or remove it"
        ) from None


def _upright(image: "Image") -> "Image":
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # A tag that cannot be read is as good as none, as viewers have it; what else is wrong shows later.
        return image


def _in_bytes(image: "Image", kind: str | None) -> "Image":
    """With 8 bits a channel, of a file of that kind; Pillow itself would clip larger numbers to white."""
    from PIL import Image

    if image.mode == "F" or (image.mode == "I" and kind not in _OF_16_BITS):
        raise ValueError("its pixels are numbers of 32 bits: save it with 8 or 16")
    if image.mode == "I" or image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image


def _on_white(image: "Image") -> "Image":
    """Without transparency: icons and signatures have their picture in nothing else."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
