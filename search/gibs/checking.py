"""Whether an answer is the tile that was asked for: its type, its length, and every pixel of it."""

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageChops

from search.imagery.nodata import BLOCK, DARK

PILLOW = {"image/jpeg": "JPEG", "image/png": "PNG"}
BRIGHT = [0] * (DARK + 1) + [255] * (255 - DARK)  # grey level -> whether it is data
LARGEST = 8 * 2**20  # bytes of a tile


class BadAnswer(Exception):
    """What came is not the tile. reason: one of a few, to be counted; str(): the details."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(details or reason)
        self.reason = reason


@dataclass(frozen=True)
class Checked:
    """digest: SHA-256, hexadecimal.  nodata: share of the pixels, 0 to 1."""

    bytes: int
    digest: str
    nodata: float


def check(content: bytes, form: str, size: int) -> Checked:
    """A tile's file, decoded whole; BadAnswer unless it is an image of that format and so many pixels a side."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[PILLOW[form]]) as image:
                if image.size != (size, size):
                    raise BadAnswer("wrong size", f"{image.width} × {image.height} pixels instead of {size} × {size}")
                gone = 0.0 if bright_everywhere(image) else nodata(content, form)
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError, Warning,
            Image.DecompressionBombError) as error:  # fmt: skip
        raise BadAnswer("not a whole image", str(error)) from error
    return Checked(len(content), hashlib.sha256(content).hexdigest(), gone)


def bright_everywhere(image: Image.Image) -> bool:
    """Decode a JPEG at an eighth of its size: all of the file is read, and each block of 8×8 pixels becomes its mean.

    A block that is bright on average has a bright pixel: most tiles need no second look. False for other formats.
    """
    eighth = image.width // BLOCK, image.height // BLOCK
    if image.format != "JPEG" or image.draft("RGB", eighth) is None or image.size != eighth:
        return False
    return not sum(brightest(image.convert("RGB")).histogram()[: 2 * DARK])


def nodata(content: bytes, form: str) -> float:
    """As `share`, of a file."""
    with Image.open(io.BytesIO(content), formats=[PILLOW[form]]) as image:
        return share(image)


def share(image: Image.Image) -> float:
    """Share of pixels that search.imagery.nodata calls missing, reckoned by Pillow: arrays take four times as long."""
    if image.has_transparency_data:
        return image.convert("RGBA").getchannel("A").histogram()[0] / (image.width * image.height)
    picture = image.convert("RGB")
    if not _dimmed(brightest(picture.reduce(BLOCK))):  # blocks that are bright on average have a bright pixel
        return 0.0
    blocks = brightest(picture).point(BRIGHT).reduce(BLOCK)  # means, rounded: 0 only when no pixel of it is bright
    return blocks.histogram()[0] / (blocks.width * blocks.height)


def brightest(picture: Image.Image) -> Image.Image:
    """RGB -> the greatest of each pixel's three."""
    red, green, blue = picture.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _dimmed(blocks: Image.Image) -> int:
    """How many blocks may be no data, by their mean."""
    return sum(blocks.histogram()[: DARK + 1])
