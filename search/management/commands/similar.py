"""manage.py similar"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import CommandError
from rich.console import Console
from rich.table import Table

from search import exports, filters, pictures, sheets, similarity
from search.api.queries import read_query
from search.api.views import scene_asked
from search.describing import Describer
from search.management.console import SiteCommand, dataset_named, filter_given
from search.models import Dataset


class Command(SiteCommand):
    help = (
        "The tiles most like those given by --key, by --at LON LAT with --level, by --image or by --text. "
        "Example: manage.py similar blue-marble --at 44 -15.7 --level 6 -k 12"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="its short name")
        add("--key", nargs="+", default=[], help="tile keys that look like what you want")
        add("--unlike", nargs="+", default=[], help="tile keys that do not")
        add("--at", nargs=2, type=float, metavar=("LON", "LAT"), help="the tile at a place, in degrees")
        add("--level", type=int, help="size of what you look for: 5 is 1000 km, 6 is 500 km, 7 is 250 km …")
        add("--product", default="", help="with --at: which layer (default: the first)")
        add("--date", default="", help="with --at: YYYY-MM-DD (default: the latest)")
        add("--image", type=Path, help="a picture to compare with")
        add("--text", default="", help="words, where the encoder understands them")
        add("-k", type=int, default=20, help="how many results (default 20)")
        add("--from", dest="first", help="search from this date on")
        add("--to", dest="last", help="search up to this date")
        add("--bbox", nargs=4, type=float, metavar=("W", "S", "E", "N"), help="search in this area only")
        add("--filter", default="", help="JSON, or a file with it: search among these tiles only (docs/filters.md)")
        add("--min-score", type=float, default=-1.0, help="least likeness, -1 to 1")
        add("--spread", action="store_true", help="leave out neighbours of better results")
        add("--no-duplicates", action="store_true", help="leave out near-identical tiles")
        add("--exact", action="store_true", help="rank every tile instead of asking the indexes")
        add("--merge-places", action="store_true", help="of nested squares, found at several levels, only the best")
        add("--sheet", type=Path, help="also draw the query tile and its results into this picture file")
        add("--brighten", type=float, default=1, help="with --sheet: multiply what is drawn by this, for dark imagery")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="answer for scripts")
        form.add_argument("--geojson", action="store_true", help="answer as GeoJSON")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        query = read_query(self.body(dataset, options))
        answer = similarity.search(dataset, query)
        results = Describer(dataset, answer.scenes).results(answer.hits)
        if options["sheet"] and query.positives:
            sheet = sheets.contact_sheet(dataset, query.positives[0], answer.hits, brighten=options["brighten"])
            sheet.save(options["sheet"])
        if options["geojson"]:
            self.stdout.write(json.dumps(exports.geojson(results, "")))
        elif options["json"]:
            self.answer({"results": results, "searched": {"shards": answer.shards, "tiles": answer.tiles},
                         "skipped": answer.skipped, "took_ms": round(answer.took_ms, 1)})  # fmt: skip
        else:
            self.table(results, answer)

    def body(self, dataset: Dataset, options: dict[str, Any]) -> dict[str, Any]:
        """The same JSON that the API takes."""
        body: dict[str, Any] = {
            **filters.as_json(filter_given(options["filter"] or "{}")),
            "positives": list(options["key"]), "negatives": options["unlike"], "text": options["text"],
            "k": options["k"], "min_score": options["min_score"], "spread": options["spread"],
            "exclude_duplicates": options["no_duplicates"], "exact": options["exact"],
            "merge_places": options["merge_places"],
        }  # fmt: skip
        given = {"from": options["first"], "to": options["last"], "bbox": options["bbox"]}
        body |= {name: value for name, value in given.items() if value is not None}
        if options["at"]:
            body["positives"].append(str(self.key_at(dataset, options)))
        if options["level"] is not None:
            body["levels"] = [options["level"]]
        if options["image"]:
            upload = SimpleUploadedFile(options["image"].name, options["image"].read_bytes())
            body["images"] = [pictures.keep(dataset, upload, settings.GALLERY_IMAGE_LIMIT).token]
        return body

    def key_at(self, dataset: Dataset, options: dict[str, Any]) -> int:
        if options["level"] is None:
            raise CommandError("--at needs --level: how large is what you look for?", returncode=2)
        scene = scene_asked(dataset, options["product"], options["date"])
        lon, lat = options["at"]
        row, col = dataset.grid.tile_at(lon, lat, options["level"])
        return scene.address(options["level"], row, col).pack()

    def table(self, results: list[dict[str, Any]], answer: similarity.Answer) -> None:
        table = Table("", "score", "place", "date", "level", "key")
        for rank, result in enumerate(results, 1):
            tile = result["tile"]
            table.add_row(
                str(rank), f"{result['score']:.3f}", place(tile), tile["date"], str(tile["level"]), tile["key"]
            )
        Console(file=cast(IO[str], self.stdout._out)).print(table)
        for skipped in answer.skipped:
            self.say(
                f"Not searched: {skipped['product']} {skipped['date']} level {skipped['level']}: {skipped['status']}."
            )
        self.say(f"{answer.tiles:,} tiles in {answer.shards} shards, {answer.took_ms:.0f} ms")


def place(tile: dict[str, Any]) -> str:
    """12.3° N, 45.6° E; a gallery picture's file name."""
    if tile["center"] is None:
        return str(tile["name"])
    lon, lat = tile["center"]
    return f"{abs(lat):.1f}° {'S' if lat < 0 else 'N'}, {abs(lon):.1f}° {'W' if lon < 0 else 'E'}"
