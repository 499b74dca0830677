"""python -m ml.classify CLASSIFIER SHARD… --out scores.parquet: how likely is each tile what the classifier looks for?

CLASSIFIER is a folder downloaded from a campaign (or made by ml.classify.fit). A SHARD is a folder that python -m
ml.embed has made of your images, with the encoder that the classifier was trained on. The table has a row per tile:
shard, key, name, score (a probability, 0 to 1), west, south, east, north. Needs no site, no database, no GPU.

The scores are a machine's opinion. How many it misses, only a sample that people have labelled can tell.
"""

import argparse
import json
import time
from pathlib import Path

from ml import command
from ml.classify.classifier import Classifier
from ml.classify.shards import score_shards


def share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("give a number from 0 to 1")
    return value


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m ml.classify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("classifier", type=Path, help="the classifier's folder, with classifier.json in it")
    parser.add_argument("shards", type=Path, nargs="+", metavar="SHARD", help="folders of embedded tiles")
    parser.add_argument("--out", type=Path, required=True, help="the table to write; must not exist yet")
    parser.add_argument(
        "--beside", type=Path, nargs="+", default=[], metavar="SHARD",
        help="shards of the levels above and below, for a classifier that looks at these squares too",
    )  # fmt: skip
    parser.add_argument("--csv", action="store_true", help="write CSV instead of Parquet")
    parser.add_argument("--min", type=share, default=0.0, metavar="SCORE", help="leave out what scores less")
    parser.add_argument("--json", action="store_true", help="for scripts: a summary as JSON on stdout, no progress bar")
    options = parser.parse_args()
    classifier = Classifier.load(options.classifier)
    start = time.perf_counter()
    with command.progress_bars(quiet=options.json) as progress:
        told = score_shards(
            classifier,
            options.shards,
            options.out,
            least=options.min,
            as_csv=options.csv,
            beside=options.beside,
            on_progress=progress,
        )
    seconds = time.perf_counter() - start
    if options.json:
        counts = {"tiles": told.tiles, "written": told.written, "histogram": told.histogram.tolist()}
        about = {"classifier": classifier.version, "out": str(options.out), "seconds": round(seconds, 3)}
        command.say(json.dumps({**about, **counts}, indent=1))
    else:
        likely = int(told.histogram[100:].sum())
        command.say(
            f"{told.written:,} of {told.tiles:,} tiles are in {options.out}; {likely:,} are more likely one than not."
        )


if __name__ == "__main__":
    command.run(main)
