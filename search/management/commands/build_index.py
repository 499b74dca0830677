"""manage.py build_index"""

from argparse import ArgumentParser
from typing import Any

from ml.shards import rebuild_index
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Shard


class Command(SiteCommand):
    help = "Build the search index of a dataset's finished shards again from their vectors, and measure its recall."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument("--trees", type=int, default=None, help="Annoy trees (default: chosen by the shard's size)")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, told = dataset_named(options["dataset"]), []
        for shard in Shard.objects.of(dataset).searchable():
            with bar(f"Indexing {shard}", quiet=options["json"]) as report:
                manifest = rebuild_index(
                    shard.path(), trees=options["trees"], on_progress=lambda _, done, total: report(done, total)
                )
            shard.recall = (manifest["index"] or {}).get("recall")
            shard.save(update_fields=["recall"])
            told.append({"shard": str(shard), "tiles": shard.tiles, "recall": shard.recall})
            if not options["json"]:
                self.say(f"{shard}: {shard.tiles} tiles, recall {shard.recall} at k = 50")
        if options["json"]:
            self.answer(told)
        elif not told:
            self.say(f"{dataset.name} has no finished shard yet.")
