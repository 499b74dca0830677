"""Contact sheets: a query tile and its lookalikes as one picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from search import imagery, keys, similarity
from search.models import Dataset
from search.similarity import Hit

SIDE, GAP, TEXT = 160, 10, 22  # pixels
PAPER, INK, MARK = (255, 255, 255), (40, 48, 60), (10, 120, 130)


def contact_sheet(
    dataset: Dataset, key: int, hits: Sequence[Hit], *, columns: int = 6, brighten: float = 1
) -> Image.Image:
    """The query, twice as large, at the left; the results at its right in reading order with place, date and score."""
    lines = -(-len(hits) // columns)
    big = 2 * SIDE + TEXT + GAP
    size = (big + GAP + columns * (SIDE + GAP), max(big + TEXT, lines * (SIDE + TEXT + GAP)) + 2 * GAP)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    put(sheet, draw, picture(dataset, key, big - GAP, brighten), (GAP, GAP), caption(dataset, key), MARK)
    for i, hit in enumerate(hits):
        at = big + GAP + i % columns * (SIDE + GAP), GAP + i // columns * (SIDE + TEXT + GAP)
        put(
            sheet,
            draw,
            picture(dataset, hit.key, SIDE, brighten),
            at,
            f"{hit.score:.2f}  {caption(dataset, hit.key)}",
            INK,
        )
    return sheet


def put(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Image.Image, at: tuple[int, int], text: str, ink: tuple
) -> None:
    sheet.paste(tile, at)
    draw.text((at[0], at[1] + tile.height + 4), text, ink, ImageFont.load_default(13))


def picture(dataset: Dataset, key: int, side: int, brighten: float) -> Image.Image:
    address = keys.unpack(key)
    with imagery.opened(similarity.scene_of(dataset, address)) as reader:
        rgb, valid = reader.picture(address.level, address.row, address.col, side, address.offset)
    return Image.fromarray(np.where(valid[..., None], np.clip(rgb * brighten, 0, 255), 255).astype(np.uint8))


def caption(dataset: Dataset, key: int) -> str:
    """15.7°S 43.9°E, Aug 04"""
    address = keys.unpack(key)
    day = keys.date_of(address.day)
    month = f", {day:%b %y}" if day else ""
    if address.level == 0:
        return f"#{address.number}{month}"
    west, south, east, north = dataset.grid.bounds(address.level, address.row, address.col, address.offset)
    lon, lat = dataset.grid.to_lonlat((west + east) / 2, (south + north) / 2)
    return f"{abs(lat):.0f}°{'S' if lat < 0 else 'N'} {abs(lon):.0f}°{'W' if lon < 0 else 'E'}{month}"
