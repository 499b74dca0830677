"""The plot of docs/benchmarks/islands.md."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

mpl.use("Agg")
from matplotlib import pyplot as plt

WORDS = {
    "ours": "rounds (ours)",
    "unsure": "uncertainty only",
    "similar": "down the similarity list",
    "library: falcun": "scikit-activeml's Falcun",
}
COLOURS = ["#0b6e4f", "#c1440e", "#8a6d1d", "#777777", "#3a5a9b", "#7d3c98"]


def draw(curves: dict[str, Sequence[NDArray[np.float64]]], most: int, path: Path, title: str) -> None:
    """Median of the seeds as a line, their range as a band."""
    figure, axes = plt.subplots(figsize=(9, 4.6), dpi=150)
    for (name, some), colour in zip(curves.items(), COLOURS, strict=False):
        each = np.stack([np.pad(curve[:most], (0, max(0, most - len(curve))), mode="edge") for curve in some]) * 100
        labels = np.arange(1, most + 1)
        axes.fill_between(labels, each.min(axis=0), each.max(axis=0), color=colour, alpha=0.15, linewidth=0)
        axes.plot(labels, np.median(each, axis=0), color=colour, label=WORDS.get(name, name), linewidth=1.8)
    for share in (50, 90):
        axes.axhline(share, color="#999999", linewidth=0.7, linestyle=(0, (4, 4)))
    axes.set(xlim=(0, most), ylim=(0, 100), xlabel="labels", ylabel="found, % of all", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout()
    picture = path.with_suffix(".png")
    figure.savefig(picture)
    plt.close(figure)
    if path.suffix != ".png":
        Image.open(picture).convert("RGB").save(path, quality=85)
        picture.unlink()
