"""manage.py embed"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from search import building, encoders, reembedding, switching
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Dataset, Encoder, Scene, Shard


class Command(SiteCommand):
    help = (
        "Embed a dataset's tiles: further levels, or all of it with another encoder. What is finished is not repeated; "
        "what was interrupted is continued. With another encoder, searches go on with the old one until all is built."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument("--levels", type=int, nargs="+", default=[], help="further levels to make searchable")
        parser.add_argument(
            "--encoder", default="", help="change to this encoder: NAME or NAME/VERSION of the model store, or a folder"
        )
        parser.add_argument("--keep", action="store_true", help="leave the old encoder's shards on disk")
        parser.add_argument("--background", action="store_true", help="leave the work to the running site's workers")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, background = dataset_named(options["dataset"]), options["background"]
        levels = set(options["levels"])
        encoder = chosen(options["encoder"]) if options["encoder"] else dataset.encoder
        if encoder.pk != dataset.encoder_id:
            reembedding.start(dataset, encoder, keep=options["keep"], levels=levels, background=background)
        else:
            for scene in Scene.objects.filter(product__dataset=dataset).select_related("product__dataset__encoder"):
                building.request(scene, sorted(levels | set(dataset.levels())), background=background)
        if not background:
            build_waiting(dataset, quiet=options["json"])
        self.tell(dataset_named(dataset.slug), options["json"])

    def tell(self, dataset: Dataset, as_json: bool) -> None:
        rows = Shard.objects.of(dataset)
        if as_json:
            self.answer([{"shard": str(s), "status": s.status, "tiles": s.tiles, "recall": s.recall} for s in rows])
            return
        self.say(f"{dataset.name}: {sum(1 for s in rows if s.folder)} of {len(rows)} shards are searchable.")
        if dataset.next_encoder:
            self.say(f"They are being built with {dataset.next_encoder.name}, which takes over once all are.")


def chosen(given: str) -> Encoder:
    """A folder anywhere, or what the model store has."""
    return encoders.register(given) if Path(given).is_dir() else encoders.named(given)


def build_waiting(dataset: Dataset, *, quiet: bool) -> None:
    """Here: what is not built yet with the encoder in use, or with the one that is to take over."""
    waiting = Shard.objects.filter(switching.in_use(), scene__product__dataset=dataset, folder="")
    for shard in waiting.select_related("scene__product__dataset__encoder", "encoder"):
        with bar(f"Embedding {shard}", quiet=quiet) as report:
            building.build_here(shard, report)
