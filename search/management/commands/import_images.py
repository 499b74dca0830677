"""manage.py import_images"""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from ml.encoders import DEFAULT, builtin
from search import building, importing
from search.management.console import SiteCommand, bar
from search.models import Shard


def iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date: write YYYY-MM-DD") from error


class Command(SiteCommand):
    help = (
        "Bring imagery in and queue it for search. GeoTIFFs (anything GDAL reads that has a place on Earth) become a "
        "map; a folder of plain pictures becomes a gallery. Files are read where they are: leave them there. "
        "Repeating an import adds what is new and keeps the rest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("paths", nargs="+", type=Path, help="files, or folders to look through")
        add("--dataset", required=True, help="short name, as addresses write it: my-coasts")
        add("--name", default="", help="title shown on the page (default: the short name)")
        add("--kind", default="", choices=["map", "gallery"], help="default: decided by the first file")
        add("--product", default="images", help="name of this imagery layer within the dataset")
        add("--title", default="", help="title of the layer")
        add("--credit", default="", help="who must be credited; shown on the map")
        add("--date", type=iso_date, help="YYYY-MM-DD (default: from each file's name or tags, else undated)")
        add(
            "--levels",
            type=int,
            nargs="+",
            default=[],
            help="sizes to make searchable, e.g. 5 6 (default: by resolution)",
        )
        add("--encoder", default=DEFAULT, help=f"{', '.join(builtin())}, or a model folder")
        add("--engine", default="annoy", choices=["annoy", "faiss"], help="of a new dataset's index (docs/engines.md)")
        add("--public", action="store_true", help="anyone who reaches the site may search it")
        add("--now", action="store_true", help="embed and index here and now instead of in the background")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = importing.Options(
            slug=options["dataset"], name=options["name"], kind=options["kind"], product=options["product"],
            title=options["title"], credit=options["credit"], day=options["date"], levels=tuple(options["levels"]),
            encoder=options["encoder"], engine=options["engine"], public=options["public"],
        )  # fmt: skip
        with bar("Looking at files", quiet=options["json"]) as report:
            imported = importing.import_images(options["paths"], chosen, report, background=not options["now"])
        if options["now"]:
            self.build(imported, quiet=options["json"])
        self.tell(imported, options["json"])

    def build(self, imported: importing.Report, quiet: bool) -> None:
        for shard in Shard.objects.of(imported.dataset).filter(scene__in=imported.scenes):
            with bar(f"Embedding {shard}", quiet=quiet) as report:
                building.build_here(shard, report)

    def tell(self, imported: importing.Report, as_json: bool) -> None:
        shards = Shard.objects.of(imported.dataset).filter(scene__in=imported.scenes)
        if as_json:
            self.answer({
                "dataset": imported.dataset.slug,
                "scenes": [str(scene) for scene in imported.scenes],
                "shards": [{"shard": str(s), "status": s.status, "tiles": s.tiles} for s in shards],
                "refused": [{"path": path, "why": why} for path, why in imported.refused],
            })  # fmt: skip
            return
        for _, why in imported.refused:
            self.say(self.style.WARNING(f"Left out: {why}"))
        waiting = sum(1 for shard in shards if not shard.folder)
        self.say(
            f"{imported.dataset.name}: {len(imported.scenes)} scenes, {len(shards)} shards"
            + (
                f", {waiting} of them waiting for the background workers (manage.py serve)."
                if waiting
                else ", searchable."
            )
        )
