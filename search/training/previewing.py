"""What the chosen views make of some tiles, as a picture: a row a tile, itself first, then what is to be the same."""

import io
from collections.abc import Iterator
from itertools import islice

import numpy as np
from PIL import Image

from ml.train import Views
from search import imagery, keys
from search.errors import BadQuery
from search.models import Scene
from search.training import gathering
from search.training.options import Options

ROWS, LOOKS = 4, 5
SHOWN = 112  # pixels a side of each picture
GAP, SET_APART = 6, 14  # pixels between pictures, and after the first column
CANDIDATES = 24  # tiles looked at, of which those that show most are taken
AROUND = ((0, 1), (1, 0), (0, -1), (-1, 0))


def preview(found: list[Scene], chosen: Options) -> bytes:
    """PNG with transparent gaps.  chosen: checked.  BadQuery when nothing shows anything."""
    level = chosen.levels[len(chosen.levels) // 2]
    size = gathering.native_size(found, [level], chosen.size)
    rows = [looks(tile, partners, chosen) for tile, partners in examples(found, level, size, chosen)]
    if not rows:
        raise BadQuery("None of the tiles that were looked at shows anything: choose other dates or sizes.")
    return drawn(rows)


def examples(found: list[Scene], level: int, size: int, chosen: Options) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """Tiles (size, size, 3) with what counts as the same besides: another date, a neighbour."""
    scene = found[len(found) // 2]
    with imagery.opened(scene) as reader:
        packed = reader.plan(level).keys
        packed = packed[keys.part_of_many(packed, "offset") == 0]
        order = np.random.default_rng(chosen.seed).permutation(len(packed))[:CANDIDATES]
        seen = [(key, tile) for key in packed[order].tolist() if (tile := sample(reader, key, size)) is not None]
    seen.sort(key=lambda one: -detail(one[1]))
    return [(tile, list(islice(partners(found, scene, key, size, chosen.pairs), 2))) for key, tile in seen[:ROWS]]


def detail(tile: np.ndarray) -> float:
    """How much there is to see: the mean step from one pixel to the next, large ones no more than others."""
    steps = np.abs(np.diff(tile.astype(np.int16), axis=1))
    return float(np.minimum(steps, 32).mean())


def sample(reader: imagery.Reader, key: int, size: int) -> np.ndarray | None:
    at = keys.unpack(key)
    pixels, valid = reader.sample(at.level, at.row, at.col, size)
    gallery = isinstance(reader, imagery.GalleryReader)
    return pixels if gallery or valid.mean() >= gathering.VALID else None


def partners(found: list[Scene], scene: Scene, key: int, size: int, pairs: str) -> Iterator[np.ndarray]:
    at = keys.unpack(key)
    if gathering.is_gallery(scene):
        return
    if "dates" in pairs:
        others = [one for one in found if one.product_id == scene.product_id and one.pk != scene.pk]
        yield from read_one(others[:3], [(at.row, at.col)], at.level, size)
    if "neighbours" in pairs:
        around = [(at.row + down, at.col + right) for down, right in AROUND]
        grid = scene.product.dataset.grid
        inside = [(r, c) for r, c in around if 0 <= r < grid.rows(at.level) and 0 <= c < grid.columns(at.level)]
        yield from read_one([scene], inside, at.level, size)


def read_one(scenes: list[Scene], places: list[tuple[int, int]], level: int, size: int) -> Iterator[np.ndarray]:
    """The first that shows something, if any."""
    for scene in scenes:
        with imagery.opened(scene) as reader:
            for row, col in places:
                tile = sample(reader, scene.address(level, row, col).pack(), size)
                if tile is not None:
                    yield tile
                    return


def looks(tile: np.ndarray, partners: list[np.ndarray], chosen: Options) -> list[np.ndarray]:
    """The tile, and LOOKS views: of itself, the last ones of its partners."""
    import torch

    from ml.train.views import augment

    shown = [tile] * (LOOKS - len(partners)) + partners
    batch = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).contiguous()  # (LOOKS, 3, size, size)
    random = torch.Generator().manual_seed(chosen.seed + int(tile[0, 0, 0]))
    seen = augment(batch, Views(**chosen.views), random)
    return [tile, *(seen.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()]


def drawn(rows: list[list[np.ndarray]]) -> bytes:
    step = SHOWN + GAP
    width, height = step * (LOOKS + 1) - GAP + SET_APART, step * len(rows) - GAP
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    for down, row in enumerate(rows):
        for right, pixels in enumerate(row):
            one = Image.fromarray(pixels).resize((SHOWN, SHOWN), Image.Resampling.BICUBIC)
            picture.paste(one, (right * step + SET_APART * (right > 0), down * step))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
