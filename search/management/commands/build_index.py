"""manage.py build_index"""

from argparse import ArgumentParser
from typing import Any

from ml.shards import rebuild_index
from search import building
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Engine, Shard


class Command(SiteCommand):
    help = "Build the search index of a dataset's finished shards again from their vectors, and measure its recall."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument(
            "--engine", choices=[name for name, _ in Engine.choices],
            help="change the dataset to this engine (docs/engines.md says which to take)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, told = dataset_named(options["dataset"]), []
        if options["engine"]:
            dataset.engine = options["engine"]
            dataset.save(update_fields=["engine"])
        for shard in Shard.objects.of(dataset).searchable():
            with bar(f"Indexing {shard}", quiet=options["json"]) as report:
                manifest = rebuild_index(
                    shard.path(), engine=dataset.engine, on_progress=lambda _, done, total: report(done, total)
                )
            about = building.about_index(manifest)
            size = sum(file["bytes"] for file in manifest["files"].values())
            Shard.objects.filter(pk=shard.pk).update(**about, bytes=size)
            told.append({"shard": str(shard), "tiles": shard.tiles, **about})
            if not options["json"]:
                self.say(f"{shard}: {shard.tiles} tiles, {about['engine']}, recall {about['recall']} at k = 50")
        if options["json"]:
            self.answer(told)
        elif not told:
            self.say(f"{dataset.name} has no finished shard yet.")
