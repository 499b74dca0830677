"""What a report card shows: curves, and tiles with those that are nearest to them."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.images import resize

_SIDE, _GAP, _NEAR, _ROWS = 72, 6, 10, 10
_WIDE, _HIGH = 480, 160


def shown(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, side, side, bands) -> RGB: the first three bands, or the first one as grey."""
    return pixels[..., :3] if pixels.shape[3] >= 3 else np.repeat(pixels[..., :1], 3, axis=3)


def strips(pixels: NDArray[np.uint8], vectors: NDArray[np.float32]) -> bytes:
    """PNG: ten tiles that are unlike each other, a row each, with their ten nearest."""
    queries = unlike(vectors, _ROWS)
    near = np.argsort(-(vectors[queries] @ vectors.T), axis=1)[:, : _NEAR + 1]
    wide = (near.shape[1]) * (_SIDE + _GAP) + 3 * _GAP
    picture = np.full((len(queries) * (_SIDE + _GAP) + _GAP, wide, 3), 255, np.uint8)
    for row, (query, found) in enumerate(zip(queries, near, strict=True)):
        others = [i for i in found if i != query][:_NEAR]
        for column, tile in enumerate(resize(shown(pixels[[query, *others]]), _SIDE)):
            top, left = _GAP + row * (_SIDE + _GAP), _GAP + column * (_SIDE + _GAP) + (2 * _GAP if column else 0)
            picture[top : top + _SIDE, left : left + _SIDE] = tile
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return file.getvalue()


def unlike(vectors: NDArray[np.float32], count: int) -> list[int]:
    """Rows each as far as can be from those before it, of a sample that leaves out the oddest."""
    rows = np.random.default_rng(0).permutation(len(vectors))[:200]
    likeness = vectors[rows] @ vectors[rows].T
    chosen = [int(likeness.mean(axis=1).argmax())]
    while len(chosen) < min(count, len(rows)):
        chosen.append(int(likeness[:, chosen].max(axis=1).argmin()))
    return [int(rows[i]) for i in chosen]


def curves(loss: list[float], knn: list[float | None]) -> str:
    """SVG: the loss of every epoch, and the kNN score where it was asked for."""
    lines = [_line([(i, v) for i, v in enumerate(loss)], "currentColor", "loss")]
    known = [(i, v) for i, v in enumerate(knn) if v is not None]
    if known:
        lines.append(_line(known, "#0072b2", "kNN score"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" role="img" '
        f'aria-label="Loss of {len(loss)} epochs">{"".join(lines)}</svg>\n'
    )


def _line(points: list[tuple[int, float]], colour: str, name: str) -> str:
    values = np.array([value for _, value in points])
    low, high = float(values.min()), float(values.max())
    across = max(points[-1][0], 1)
    where = [
        f"{10 + x / across * (_WIDE - 20):.1f},{_HIGH - 20 - (y - low) / (high - low or 1) * (_HIGH - 40):.1f}"
        for x, y in points
    ]
    label = f"{name}: {points[0][1]:.3g} to {points[-1][1]:.3g}"
    at = 14 if colour == "currentColor" else 28
    return (
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(where)}"/>'
        f'<text x="{_WIDE - 10}" y="{at}" text-anchor="end" font-size="12" fill="{colour}">{label}</text>'
    )


def page(card: dict[str, Any]) -> str:
    """The card in words."""
    lines = [f"# {card['backbone']}, trained by {card['method']}", ""]
    if card["collapsed"]:
        lines += ["**Collapsed**: nearly everything looks the same to this encoder. Do not use it; train with another "
                  "method, a lower rate, or more different imagery.", ""]  # fmt: skip
    told = {
        "images": card["images"], "left out": card["data"]["refused"], "source": card["data"]["source"],
        "data digest": card["data"]["digest"], "kNN accuracy (k = 20)": card["knn_20"], "P@10": card["precision_10"],
        "alignment (0 is best)": card["alignment"], "uniformity (lower is more even)": card["uniformity"],
        "effective rank": f"{card['effective_rank']:.1f} of {card['dim']}", "seconds": card["seconds"],
        "images a second": card["images_per_second"], "hardware": card["hardware"], "licence": card["licence"],
    }  # fmt: skip
    for name, value in told.items():
        text = f"{value:.3f}" if isinstance(value, float) else "not measured" if value is None else value
        lines.append(f"- {name}: {text}")
    return "\n".join([*lines, "", "![Nearest neighbours](strips.png)", "", "![Curves](curve.svg)", ""])
