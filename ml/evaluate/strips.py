"""A picture of neighbours: one row per class, the query, then its 10 nearest."""

import io

import numpy as np
from PIL import Image, ImageDraw

from ml.evaluate.labelled import Labelled
from ml.evaluate.measuring import Report

_SIDE, _GAP, _FRAME, _NAME = 96, 10, 4, 190  # px
_RIGHT, _WRONG, _QUERY = (0, 114, 178), (213, 94, 0), (40, 40, 40)  # told apart by the colour-blind too


def draw(report: Report, labelled: Labelled) -> bytes:
    """PNG.  Neighbours of the query's class have a whole blue frame and a tick; others a dashed orange one, a cross and
    the name of their class.
    """
    rows = list(report.strips.items())
    width = _NAME + 11 * (_SIDE + _GAP) + 2 * _GAP
    picture = Image.new("RGB", (width, len(rows) * (_SIDE + 2 * _GAP + 6) + 2 * _GAP), "white")
    pen = ImageDraw.Draw(picture)
    for number, (name, (query, *found)) in enumerate(rows):
        top = number * (_SIDE + 2 * _GAP + 6) + _GAP
        pen.text((_GAP, top + _SIDE // 2 - 6), name[:28], fill="black")
        _tile(picture, labelled, query, _NAME, top)
        pen.rectangle((_NAME, top, _NAME + _SIDE, top + _SIDE), outline=_QUERY, width=2)
        for rank, row in enumerate(found):
            left = _NAME + (rank + 1) * (_SIDE + _GAP) + _GAP
            _tile(picture, labelled, row, left, top)
            _judge(pen, left, top, right=labelled.labels[row] == labelled.labels[query])
            if labelled.labels[row] != labelled.labels[query]:
                pen.text((left, top + _SIDE + 4), labelled.classes[labelled.labels[row]][:16], fill=_WRONG)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _tile(picture: Image.Image, labelled: Labelled, row: int, left: int, top: int) -> None:
    tile = Image.fromarray(np.ascontiguousarray(labelled.read(row))).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    picture.paste(tile, (left, top))


def _judge(pen: ImageDraw.ImageDraw, left: int, top: int, *, right: bool) -> None:
    """Frame and mark; the mark stands on white in the tile's lower right corner."""
    if right:
        pen.rectangle((left, top, left + _SIDE, top + _SIDE), outline=_RIGHT, width=_FRAME)
    else:
        _dashes(pen, left, top)
    x, y = left + _SIDE - 20, top + _SIDE - 20
    pen.rectangle((x, y, x + 16, y + 16), fill="white")
    strokes = [((3, 8), (7, 12)), ((7, 12), (13, 4))] if right else [((4, 4), (12, 12)), ((4, 12), (12, 4))]
    for (x0, y0), (x1, y1) in strokes:
        pen.line((x + x0, y + y0, x + x1, y + y1), fill=_RIGHT if right else _WRONG, width=3)


def _dashes(pen: ImageDraw.ImageDraw, left: int, top: int) -> None:
    for start in range(0, _SIDE, 12):
        end = min(start + 6, _SIDE)
        for edge in (0, _SIDE - _FRAME):
            pen.rectangle((left + start, top + edge, left + end, top + edge + _FRAME), fill=_WRONG)
            pen.rectangle((left + edge, top + start, left + edge + _FRAME, top + end), fill=_WRONG)
