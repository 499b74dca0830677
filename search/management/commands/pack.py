"""manage.py pack"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from search import packing
from search.management.console import SiteCommand, bar, dataset_named


class Command(SiteCommand):
    help = (
        "Write a dataset's tiles and what is known of them as WebDataset tar shards, for any training loop. Downloaded "
        "tiles are packed byte for byte as the server sent them, others are drawn. A second run gives the same files."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="its short name")
        add("--out", type=Path, required=True, help="folder for the shards")
        add("--product", default="", help="one imagery layer only (default: all)")
        add("--level", "--levels", dest="levels", type=int, nargs="+", default=[],
            help="default: those that were downloaded, or are searchable")  # fmt: skip
        add("--format", default="webp", choices=sorted(packing.FORMATS), help="of tiles that are drawn (default webp)")
        add("--size", type=int, default=0, help="draw all tiles with so many pixels a side (default: as they are)")
        add("--shard-mb", type=float, default=packing.MOST_BYTES / 2**20, help="most megabytes of a tar (default 256)")
        add("--prefix", default="", help="of the files' names (default: the dataset's short name)")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        with bar("Packing", quiet=options["json"]) as report:
            index = packing.pack(
                dataset, options["out"], report, product=options["product"], levels=options["levels"],
                form=options["format"], size=options["size"], most_bytes=int(options["shard_mb"] * 2**20),
                prefix=options["prefix"],
            )  # fmt: skip
        if options["json"]:
            self.answer({"out": str(options["out"]), **index})
        else:
            shards, first = index["shardlist"], index["shardlist"][0]["url"]
            self.say(f"{index['samples']:,} tiles in {len(shards)} shards, {index['bytes'] / 1e6:,.1f} MB: "
                     f"{options['out'] / first}{' …' if len(shards) > 1 else ''}")  # fmt: skip
