"""Draws docs/images/growth.webp from what tests.bench.search measured.

python -m tests.bench.search --tiles 10000 100000 1000000 3000000 --only our-annoy our-faiss our-exact --json g.json
python -m tests.bench.growth g.json docs/images/growth.webp
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

from matplotlib import pyplot as plt

PANELS = {"p50": "search, p50, ms", "build_s": "index build, s", "memory": "memory of a searcher, MB"}
STYLES = {"our-annoy": ("Annoy", "o-"), "our-faiss": ("faiss", "s-"), "our-exact": ("exact scan", "^--")}


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    figure, panels = plt.subplots(1, len(PANELS), figsize=(12, 4), layout="constrained")
    for panel, (name, title) in zip(panels, PANELS.items(), strict=True):
        for method, (label, style) in STYLES.items():
            mine = [row for row in rows if row["method"] == method and (name != "build_s" or row[name] > 0)]
            panel.plot([row["tiles"] for row in mine], [value(row, name) for row in mine], style, label=label)
        panel.set(xscale="log", yscale="log", xlabel="tiles of 512 numbers", title=title)
        panel.grid(which="both", alpha=0.25)
    panels[0].legend()
    figure.savefig(path, dpi=100)


def value(row: dict[str, Any], name: str) -> float:
    return float(row["own_mb"] + row["mapped_mb"] if name == "memory" else row[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    draw(json.loads(options.measured.read_text()), options.picture)


if __name__ == "__main__":
    main()
