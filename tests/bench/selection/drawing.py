"""The plot of docs/benchmarks/selection.md."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image

mpl.use("Agg")
from matplotlib import pyplot as plt

COLOURS = ["#777777", "#0b6e4f", "#c1440e", "#8a6d1d", "#3a5a9b", "#7d3c98", "#b5651d", "#2e8b9a", "#aa3355", "#556b2f"]


def draw(told: dict[str, dict[str, Any]], shares: tuple[float, ...], path: Path) -> None:
    """Macro-F1 by share, one panel for each set: mean of the seeds as a line, their range as a bar."""
    figure, panels = plt.subplots(1, len(told), figsize=(4.3 * len(told), 5.2), dpi=110, squeeze=False)
    for axes, (title, found) in zip(panels[0], told.items(), strict=True):
        for place, (name, one) in enumerate(found.items()):
            each = np.array([one[str(share)]["macro-F1"] for share in shares])  # (shares, seeds)
            x = np.arange(len(shares)) + (place - len(found) / 2) * 0.05
            span = np.abs(np.stack([each.min(axis=1), each.max(axis=1)]) - each.mean(axis=1))
            style = {"color": COLOURS[place % len(COLOURS)], "linewidth": 2.4 if name == "random" else 1.4}
            axes.errorbar(x, each.mean(axis=1), yerr=span, label=name, marker="o", markersize=4, capsize=2, **style)
        axes.set(title=title, ylabel="macro-F1", xlabel="labelled")
        axes.set_xticks(range(len(shares)), [f"{share:.0%}" for share in shares])
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="lower center", ncols=4, fontsize=9)
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    picture = path.with_suffix(".png")
    figure.savefig(picture)
    plt.close(figure)
    if path.suffix != ".png":
        Image.open(picture).convert("RGB").save(path, quality=80)
        picture.unlink()
