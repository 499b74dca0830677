"""Pictures of a card: the tile itself, what lies around it, and where on the Earth it is."""

import io

from PIL import Image, ImageDraw

from search import tiles
from search.errors import NoSuchTile
from search.keys import TileAddress
from search.models import Scene

SIZES = (256, 512, 768, 1024)  # pixels: few, so that phones share what is cached
SIDE = 768  # of a picture of 3 × 3 tiles
OVERVIEW_TILES = 12  # that the picture of the whole world is put together from, at most
OVERVIEW = 256  # pixels of each
INK, HALO = (255, 191, 60), (6, 11, 20)


def tile(scene: Scene, address: TileAddress, size: int) -> bytes:
    """WebP of (size, size) pixels."""
    return tiles.image(scene, address.level, address.row, address.col, size, "webp", address.offset)


def around(scene: Scene, address: TileAddress) -> bytes:
    """The tile framed, with its eight neighbours: WebP of (SIDE, SIDE) pixels; nothing where the world ends."""
    third = SIDE // 3
    sheet = Image.new("RGB", (SIDE, SIDE), HALO)
    for down in range(3):
        for right in range(3):
            part = neighbour(scene, address, down - 1, right - 1, third)
            if part is not None:
                sheet.paste(part, (right * third, down * third))
    frame(ImageDraw.Draw(sheet), (third, third, 2 * third, 2 * third))
    return webp(sheet)


def neighbour(scene: Scene, address: TileAddress, down: int, right: int, size: int) -> Image.Image | None:
    pyramid = scene.product.dataset.grid
    row, col = address.row + down, address.col + right
    if pyramid.wraps:
        col %= pyramid.columns(address.level)
    try:
        tiles.check(scene, address.level, row, col, address.offset)
    except NoSuchTile:
        return None
    return drawn(scene, address.level, row, col, size, address.offset)


def drawn(scene: Scene, level: int, row: int, col: int, size: int, offset: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(tiles.image(scene, level, row, col, size, "webp", offset))).convert("RGB")


def overview(scene: Scene, address: TileAddress) -> bytes:
    """The whole world of the dataset's projection as WebP, the tile's place marked."""
    pyramid = scene.product.dataset.grid
    level = overview_level(scene)
    span, scale = pyramid.span(level), OVERVIEW / pyramid.span(level)
    left, bottom, right, top = pyramid.extent
    sheet = Image.new("RGB", (round((right - left) * scale), round((top - bottom) * scale)), HALO)
    for row in range(pyramid.rows(level)):
        for col in range(pyramid.columns(level)):
            place = (round(col * span * scale), round(row * span * scale))
            sheet.paste(drawn(scene, level, row, col, OVERVIEW), place)
    west, south, east, north = pyramid.bounds(address.level, address.row, address.col, address.offset)
    mark(
        ImageDraw.Draw(sheet),
        ((west - left) * scale, (top - north) * scale, (east - left) * scale, (top - south) * scale),
    )
    return webp(sheet)


def overview_level(scene: Scene) -> int:
    pyramid = scene.product.dataset.grid
    level = 0
    while pyramid.rows(level + 1) * pyramid.columns(level + 1) <= OVERVIEW_TILES:
        level += 1
    return level


def mark(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float]) -> None:
    """A frame, and a ring around it where it is too small to be seen."""
    x0, y0, x1, y1 = box
    frame(draw, (x0, y0, max(x1, x0 + 3), max(y1, y0 + 3)))
    if x1 - x0 < 20:
        x, y, radius = (x0 + x1) / 2, (y0 + y1) / 2, 14
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=HALO, width=5)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=INK, width=2)


def frame(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float]) -> None:
    draw.rectangle(box, outline=HALO, width=4)
    draw.rectangle(box, outline=INK, width=2)


def webp(sheet: Image.Image) -> bytes:
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()
