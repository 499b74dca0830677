"""A folder of images as tiles for an encoder: the middle square of each, read by any number of threads."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml import images, metrics
from ml.embedding import Columns, Pixels, Span
from ml.encoders import Encoder
from ml.errors import BadImage

TIFFS = (".tif", ".tiff")
MOST_REFUSED = 0.5  # share of the files
_TOGETHER = 16  # files that one thread reads at a time
_SAMPLE, _PERCENTILES = 40, (2, 98)  # files, and what of their values is stretched to 0-255
Stretch = list[list[float]]


class Folder:
    """The images below a folder, numbered in order of name.

    refused: file -> reason of those that could not be read; it grows while threads read.  stretch: of each band the raw
    values that become 0 and 255: the encoder's, or measured on the folder where the encoder has none.
    """

    def __init__(self, root: Path, encoder: Encoder) -> None:
        self.root, self.names = root, images.find(root)
        if not self.names:
            raise FileNotFoundError(f"There are no images in {root} ({', '.join(sorted(images.SUFFIXES))}).")
        self._size, self._bands = encoder.size, encoder.bands
        self.stretch = stretch_of(encoder) or _measured(root, self.names, encoder.bands)
        self.refused: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.names)

    def version(self) -> str:
        """12 hex digits that change with the files' names, sizes or times of change."""
        stats = ((name, (self.root / name).stat()) for name in self.names)
        facts = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]

    def spans(self) -> Iterator[Span]:
        for start in range(0, len(self), _TOGETHER):
            yield start, min(start + _TOGETHER, len(self))

    def read(self, start: int, end: int) -> Pixels:
        return self.pick(range(start, end))

    def pick(self, numbers: Iterable[int]) -> Pixels:
        """The images of these numbers; one that cannot be read is black, and has no valid pixel."""
        found = [self._tile(self.names[number]) for number in numbers]
        blank = np.zeros((self._size, self._size, self._bands), np.uint8)
        tiles = np.stack([blank if tile is None else tile for tile in found])
        valid = np.array([tile is not None for tile in found])
        seen = np.broadcast_to(valid[:, None, None], tiles.shape[:3])
        return Pixels(tiles, seen, measured(tiles, seen))

    def listed(self, numbers: Iterable[int]) -> dict[str, str]:
        """file -> reason, in order, for the images of these numbers and for those refused since."""
        for number in numbers:
            if self.names[number] not in self.refused and self._tile(self.names[number]) is not None:
                self.refused[self.names[number]] = "It could not be read when the others were. Embed the folder again."
        return {name: self.refused[name] for name in self.names if name in self.refused}

    def check(self, most: float) -> None:
        """Raises BadImage when more than this share of the files cannot be read."""
        bad, files = len(self.refused), len(self)
        if bad <= most * files and bad < files:
            return
        name, reason = next(iter(self.refused.items()))
        if bad == files:
            raise BadImage(f"None of the {files} images in {self.root} can be read: {reason}")
        raise BadImage(
            f"{bad} of the {files} images in {self.root} cannot be read already, for example {name}: {reason} Mend or "
            "remove them, or allow more with --most-refused."
        )

    def _tile(self, name: str) -> NDArray[np.uint8] | None:
        try:
            return tile_of(self.root / name, self._size, self._bands, self.stretch)
        except (BadImage, OSError) as error:
            self.refused[name] = str(error)
            return None


def tile_of(path: Path, size: int, bands: int, stretch: Stretch | None = None) -> NDArray[np.uint8]:
    """The middle square of an image file: (size, size, bands) uint8.

    GeoTIFFs are read band by band where the encoder sees other bands than red, green and blue, or where they are
    deeper than 8 bits, and then stretched. Raises BadImage and OSError.
    """
    deep = path.suffix.lower() in TIFFS and _is_deep(path, min(bands, 3))
    if bands != 3 or deep:
        from ml.train import sources

        whole = sources.read(path, bands, stretch if deep else None)
    else:
        whole = images.decode(
            path.read_bytes(), max_pixels=images.TRUSTED_PIXELS, max_bytes=images.TRUSTED_BYTES, enough=size
        )
    return images.resize(images.square(whole)[None], size)[0]


def measured(tiles: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Columns:
    """metrics.compute of the first three bands, which of a GeoTIFF need not be red, green and blue."""
    bands = [min(band, tiles.shape[3] - 1) for band in range(3)]
    return metrics.compute(tiles if tiles.shape[3] == 3 else tiles[..., bands], valid)


def stretch_of(encoder: Encoder) -> Stretch | None:
    """What the encoder was trained with; None where it sees 8 bits."""
    given = getattr(encoder, "stretch", None)
    return [list(pair) for pair in given] if given else None


def _measured(root: Path, names: list[str], bands: int) -> Stretch | None:
    """Percentiles over a sample of the folder's deep GeoTIFFs, as in training; None when it has none."""
    tiffs = [name for name in names if Path(name).suffix.lower() in TIFFS]
    chosen = sorted(np.random.default_rng(0).permutation(len(tiffs))[:_SAMPLE].tolist())
    deep = [root / tiffs[i] for i in chosen if _is_deep(root / tiffs[i], bands)]
    seen = [values for path in deep if (values := _from_afar(path, bands)) is not None]
    if not seen:
        return None
    low, high = np.nanpercentile(np.concatenate(seen, axis=1), _PERCENTILES, axis=1)
    return [[float(a), float(b)] for a, b in zip(low, np.where(high > low, high, low + 1), strict=True)]


def _from_afar(path: Path, bands: int) -> NDArray[np.float64] | None:
    """(bands, pixels), NaN where there is no data; None when the file is damaged or holds no number."""
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path) as file:
            shape = (bands, min(128, file.height), min(128, file.width))
            read = file.read(list(range(1, bands + 1)), out_shape=shape, masked=True)
    except RasterioError:
        return None
    values = np.ma.filled(read.astype(np.float64), np.nan).reshape(bands, -1)
    values[~np.isfinite(values)] = np.nan
    return None if np.isnan(values).all(axis=1).any() else values


def _is_deep(path: Path, bands: int) -> bool:
    """More than 8 bits in at least as many bands; one deep grey band is for images.decode. False when unreadable."""
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path) as file:
            return bool(file.count >= bands and file.dtypes[0] != "uint8")
    except RasterioError:
        return False
