"""manage.py make_archive"""

import time
from argparse import ArgumentParser
from typing import Any

from search import archives
from search.management.console import SiteCommand, bar
from search.models import Engine, Shard


class Command(SiteCommand):
    help = (
        "Make a dataset of made-up vectors, clustered as embeddings are, to see how search behaves with archives of "
        "any size. Example: manage.py make_archive --tiles 1000000 --shards 20 --dim 512"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", default="synthetic", help="its short name (default: synthetic)")
        parser.add_argument("--tiles", type=int, default=1_000_000, help="how many in all (default: a million)")
        parser.add_argument("--shards", type=int, default=20, help="days among which they are divided (default 20)")
        parser.add_argument("--dim", type=int, default=512, help="numbers of a vector (default 512)")
        parser.add_argument(
            "--engine",
            default="annoy",
            choices=[name for name, _ in Engine.choices],
            help="of the index (docs/engines.md)",
        )
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        start = time.perf_counter()
        with bar("Making tiles", quiet=options["json"]) as report:
            dataset = archives.make(
                options["dataset"], tiles=options["tiles"], shards=options["shards"], dim=options["dim"],
                engine=options["engine"], on_progress=report,
            )  # fmt: skip
        rows = list(Shard.objects.of(dataset))
        told: dict[str, Any] = {
            "dataset": dataset.slug, "shards": len(rows), "tiles": sum(row.tiles for row in rows),
            "bytes": sum(row.bytes for row in rows), "engines": sorted({row.engine for row in rows}),
            "recall": min(row.recall or 0 for row in rows), "seconds": round(time.perf_counter() - start, 1),
        }  # fmt: skip
        if options["json"]:
            self.answer(told)
            return
        size, engines = told["bytes"] / 1e9, ", ".join(told["engines"])
        self.say(
            f"{told['tiles']:,} tiles in {told['shards']} shards, {size:.1f} GB, engine {engines}, "
            f"recall at least {told['recall']:.3f}. Search it at /?dataset={dataset.slug}"
        )
