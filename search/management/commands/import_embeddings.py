"""manage.py import_embeddings"""

from argparse import ArgumentParser
from typing import Any

from search import embeddings, importing
from search.imports.embeddings import had, sentences
from search.intake.options import short_name
from search.management.commands.import_images import iso_date
from search.management.console import SiteCommand, bar


class Command(SiteCommand):
    help = (
        "Bring vectors that others made (Parquet or GeoParquet, as published for Major TOM, Clay and Earth Index) and "
        "make them searchable without any encoder. Each is laid into the map tile that holds its middle. Repeating an "
        "import adds what is new. docs/imagery.md explains it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("paths", nargs="+", help="Parquet files, folders of them, or addresses (https://…)")
        add("--dataset", required=True, help="short name, as addresses write it")
        add("--name", default="", help="title shown on the page (default: the short name)")
        add("--product", default="vectors", help="name of this layer within the dataset")
        add("--credit", default="", help="who must be credited")
        add("--model", default="", help="what made the vectors, e.g. clay-v1.5: only vectors of one model compare")
        add("--level", type=int, help="size of the tiles (default: by the footprints)")
        add("--date", type=iso_date, help="YYYY-MM-DD, of all vectors (default: from the column of dates)")
        add("--vector", default="", help="column of vectors (default: found by its name)")
        add("--geometry", default="", help="column of footprints in WKB (default: found by its name)")
        add("--date-column", default="", help="column of dates (default: found by its name)")
        add("--engine", default="annoy", choices=["annoy", "faiss"], help="of a new dataset's index (docs/engines.md)")
        add("--public", action="store_true", help="anyone who reaches the site may search it")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        given = ("name", "product", "credit", "engine", "public")
        chosen = importing.Options(
            slug=options["dataset"], day=options["date"], **{name: options[name] for name in given}
        )
        chosen = importing.Options(**{**vars(chosen), "slug": short_name(chosen)})
        columns = {"vector": options["vector"], "geometry": options["geometry"], "date": options["date_column"]}
        with bar("Reading vectors", quiet=options["json"]) as report:
            found = embeddings.bring_in(
                had(options["paths"], chosen), chosen, model=options["model"], level=options["level"],
                columns={kind: name for kind, name in columns.items() if name}, on_progress=report,
            )  # fmt: skip
        if options["json"]:
            counts = ("level", "vectors", "collisions", "without_direction", "without_place", "known_files")
            self.answer({"dataset": found.dataset.slug, "scenes": [str(scene) for scene in found.scenes],
                         **{name: getattr(found, name) for name in counts}})  # fmt: skip
            return
        for sentence in sentences(found):
            self.say(sentence)
