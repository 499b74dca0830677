"""Pictures from strangers, decoded with limits, and resizing."""

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base

from ml.errors import BadImage

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")  # what Pillow may try; the rest of its decoders stay unused
MAX_PIXELS = 50_000_000
MAX_BYTES = 50 * 2**20
TRUSTED_PIXELS = 500_000_000  # the person at the terminal may trust larger files than the site does
TRUSTED_BYTES = 512 * 2**20
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp"}  # of files that may be images
ORIENTATION = Base.Orientation
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")  # one channel of more than 8 bits


def decode(
    data: bytes, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES, enough: int = 0
) -> NDArray[np.uint8]:
    """An image file's content -> (h, w, 3) uint8 RGB, upright; its name and declared type play no part.

    enough: pixels of the shorter side that will do; a JPEG is then decoded at a half, a quarter or an eighth where that
    leaves as many, which costs a quarter of the time (its blocks' low frequencies alone are transformed back). 0: all.

    Transparent parts become black.  Depths over 8 bits are scaled to 0-255, by type or, beyond 16 bits, by their own
    range.  Raises BadImage: too many bytes or pixels (known before anything is decoded), unknown format, truncated.
    """
    if len(data) > max_bytes:
        raise BadImage(f"The file has {len(data) / 2**20:.0f} MB; {max_bytes / 2**20:.0f} MB are allowed. Shrink it.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # max_pixels decides, not Pillow's limit
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _pixels(image, max_pixels, enough)
    except UnidentifiedImageError as error:
        raise BadImage(f"This is not an image. {', '.join(FORMATS)} can be read.") from error
    except Image.DecompressionBombError as error:
        raise BadImage(f"The image has too many pixels; {max_pixels:,} are allowed. Shrink it first.") from error
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise BadImage(f"The image is damaged or cut short: {error}. Save or fetch it again.") from error  # Pillow's


def find(folder: Path) -> list[str]:
    """Paths below folder of what looks like an image, sorted, in POSIX form."""
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of (h, w, 3) as large a square as fits."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(n, h, w, bands) uint8 -> (n, size, size, bands), bicubic with antialiasing; the same array when it fits."""
    if images.shape[1:3] == (size, size):
        return images
    if images.shape[3] != 3:
        return np.stack([_resized(images[..., band], size) for band in range(images.shape[3])], axis=-1)
    return _resized(images, size)


def _resized(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(n, h, w) or (n, h, w, 3)."""
    result = np.empty((len(images), size, size, *images.shape[3:]), np.uint8)
    for i, image in enumerate(images):
        result[i] = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
    return result


def resize_bands(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(h, w, bands) uint8 -> (size, size, bands), each band by itself unless there are three."""
    if image.shape[2] == 3:
        return resize(image[None], size)[0]
    bands = [Image.fromarray(np.ascontiguousarray(image[..., band])) for band in range(image.shape[2])]
    return np.stack([np.asarray(b.resize((size, size), Image.Resampling.BICUBIC)) for b in bands], axis=-1)


def _pixels(image: Image.Image, max_pixels: int, enough: int) -> NDArray[np.uint8]:
    if image.width * image.height > max_pixels:
        raise BadImage(
            f"The image has {image.width:,} x {image.height:,} pixels; {max_pixels:,} are allowed. Shrink it first."
        )
    if not image.width * image.height:
        raise BadImage("The image has no pixels.")
    if enough:
        image.draft(image.mode, (enough, enough))
    upright = ImageOps.exif_transpose(image) if image.getexif().get(ORIENTATION, 1) != 1 else image
    if upright.mode in _DEEP:
        return np.repeat(_eight_bits(np.asarray(upright))[..., None], 3, axis=2)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, (0, 0, 0, 255)), upright)
    return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    """(h, w) of 16 or 32 bits -> uint8; values that fit 16 bits are read as such, others stretched to their range."""
    values = np.nan_to_num(grey.astype(np.float64), posinf=0, neginf=0)
    low, high = min(0.0, values.min()), max(values.max(), 1.0)
    if grey.dtype.kind != "f" and low >= 0 and high < 2**16:
        low, high = 0.0, 65535.0
    return np.asarray((values - low) / (high - low) * 255 + 0.5).astype(np.uint8)
