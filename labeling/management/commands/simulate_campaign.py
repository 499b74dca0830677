"""manage.py simulate_campaign"""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import CommandError

from labeling import simulating
from labeling.errors import LabelingError
from ml import active
from ml.active.settings import MIX
from ml.classify import Config
from search.management.console import SiteCommand, bar, dataset_named

SHARES = (0.5, 0.9)
STRATEGIES = {
    "mix": MIX,
    "likely": {"likely": 1.0},
    "unsure": {"unsure": 1.0},
    "diverse": {"diverse": 1.0},
    "random": {"random": 1.0},
}


class Command(SiteCommand):
    help = (
        "How many labels would a search take? Runs whole campaigns with answers from a file instead of people: the "
        "same rounds as live ones. Writes a learning curve as CSV and PNG. "
        "Example: manage.py simulate_campaign blue-marble --level 7 --date 2004-08-01 --polygons land-10m.json "
        "--least-km2 100 --seeds 3 --until-recall 0.9"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="its short name")
        add("--level", type=int, nargs="+", default=[], help="sizes of tiles to search (default: all)")
        add("--product", nargs="+", default=[], help="layers to search (default: all)")
        add("--date", type=date.fromisoformat, help="YYYY-MM-DD (default: all)")
        truth = parser.add_mutually_exclusive_group(required=True)
        truth.add_argument(
            "--polygons", type=Path, help="what is looked for: shapefile, TopoJSON or GeoJSON, in degrees"
        )
        truth.add_argument(
            "--labels", type=Path, help="what is looked for: a CSV with the columns key and label (1, 0)"
        )
        add("--touches", action="store_true", help="a tile that a polygon touches counts (default: wholly inside)")
        add("--least-km2", type=float, default=0.0, help="polygons must be larger than this (default 0)")
        add("--strategy", choices=list(STRATEGIES), default="mix", help="what is asked about (default: mix)")
        add(
            "--weights",
            type=float,
            nargs=4,
            metavar=("LIKELY", "UNSURE", "DIVERSE", "RANDOM"),
            help="of a mix of yours",
        )
        add("--batch", type=int, default=20, help="tiles that a round asks about (default 20)")
        add("--neighbours", type=int, default=100, help="that one tile brings in from the archive, 0 to 100")
        add("--pool", type=int, default=100_000, help="tiles that a round scores at most (default 100000)")
        add("--head", choices=["logistic", "mlp", "trees"], default="logistic", help="kind of classifier")
        add(
            "--no-whitening", action="store_true", help="for encoders whose numbers are ranks, such as structure-layers"
        )
        add("--strength", type=float, default=1.0, help="of the penalty on the classifier's weights (default 1)")
        add("--noise", type=float, default=0.0, help="chance that an answer is wrong, 0 to 1 (default 0)")
        add("--seeds", type=int, default=1, help="campaigns to run, each from another example (default 1)")
        add("--until-labels", type=int, help="stop after so many labels")
        add("--until-recall", type=float, help="stop when this share of all is found, 0 to 1")
        add("--output", type=Path, default=Path("simulated"), help="writes OUTPUT.csv and OUTPUT.png")
        add("--json", action="store_true", help="answer for scripts")

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (LabelingError, ValueError) as error:
            raise CommandError(str(error)) from error

    def handle(self, *args: Any, **options: Any) -> None:
        settings, until = self.settings(options), self.until(options)
        dataset = dataset_named(options["dataset"])
        shards = simulating.shards_of(
            dataset, levels=options["level"], products=options["product"], first=options["date"], last=options["date"]
        )
        truth = (
            simulating.by_table(shards, options["labels"])
            if options["labels"]
            else simulating.by_polygons(
                dataset, shards, options["polygons"], touches=options["touches"], least=options["least_km2"]
            )
        )
        with bar("Labelling", quiet=options["json"]) as report:
            total = len(truth) * options["seeds"]
            points = simulating.run(
                dataset, shards, truth, settings, seeds=range(options["seeds"]), until=until, noise=options["noise"],
                pool=options["pool"], on_point=lambda point: report(point.seed * len(truth) + point.found, total),
            )  # fmt: skip
        self.publish(points, truth, options)

    def settings(self, options: dict[str, Any]) -> active.Settings:
        mix = dict(zip(MIX, options["weights"], strict=True)) if options["weights"] else STRATEGIES[options["strategy"]]
        head = Config(head=options["head"], whiten=not options["no_whitening"], strength=options["strength"])
        return active.Settings(batch=options["batch"], mix=dict(mix), neighbours=options["neighbours"], head=head)

    def until(self, options: dict[str, Any]) -> active.Until:
        if options["seeds"] < 1 or options["pool"] < 1 or not 0 <= options["noise"] <= 1:
            raise CommandError("Give 1 seed or more, a pool of 1 tile or more, and a noise of 0 to 1.")
        return active.Until(labels=options["until_labels"], recall=options["until_recall"])

    def publish(self, points: list[simulating.Point], truth: simulating.Truth, options: dict[str, Any]) -> None:
        output: Path = options["output"]
        output.parent.mkdir(parents=True, exist_ok=True)
        table, picture = (output.with_name(f"{output.name}.{kind}") for kind in ("csv", "png"))
        simulating.write_csv(points, table)
        simulating.draw(points, picture, f"{len(truth):,} tiles to find")
        found = {share: simulating.needed(points, share) for share in SHARES}
        if options["json"]:
            said = {f"{share:g}": list(seeds.values()) for share, seeds in found.items()}
            self.answer({"positives": len(truth), "labels_for": said, "csv": str(table), "png": str(picture)})
            return
        for share, seeds in found.items():
            reached = [labels for labels in seeds.values() if labels is not None]
            middle = f"{np.median(reached):,.0f} labels" if reached else "never reached"
            self.say(f"{share:.0%} of {len(truth):,}: {middle}, {len(reached)} of {len(seeds)} campaigns")
        self.say(f"{table} and {picture} have the curves.")
