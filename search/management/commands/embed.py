"""manage.py embed"""

from argparse import ArgumentParser
from typing import Any

from search import building, encoders
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Scene, Shard


class Command(SiteCommand):
    help = (
        "Embed a dataset's tiles: further levels, or all of it with another encoder. What is finished is not repeated; "
        "what was interrupted is continued."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument("--levels", type=int, nargs="+", default=[], help="further levels to make searchable")
        parser.add_argument("--encoder", default="", help="change to this encoder: a built-in name or a model folder")
        parser.add_argument("--background", action="store_true", help="leave the work to the running site's workers")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        levels = set(options["levels"]) | set(dataset.levels())
        if options["encoder"]:
            dataset.encoder = encoders.register(options["encoder"])
            dataset.save(update_fields=["encoder"])
        for scene in Scene.objects.filter(product__dataset=dataset).select_related("product__dataset__encoder"):
            building.request(scene, sorted(levels), background=options["background"])
        waiting = Shard.objects.of(dataset).filter(folder="")
        for shard in [] if options["background"] else waiting:
            with bar(f"Embedding {shard}", quiet=options["json"]) as report:
                building.build_here(shard, report)
        rows = Shard.objects.of(dataset)
        if options["json"]:
            self.answer([{"shard": str(s), "status": s.status, "tiles": s.tiles, "recall": s.recall} for s in rows])
        else:
            self.say(f"{dataset.name}: {sum(1 for s in rows if s.folder)} of {len(rows)} shards are searchable.")
