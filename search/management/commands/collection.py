"""manage.py collection"""

from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from django.core.management.base import CommandError
from rich.console import Console
from rich.table import Table

from search import collecting, filters, frames
from search.errors import BadCollection
from search.exporting.collections import FORMATS, Tiles
from search.exporting.streaming import pieces, save
from search.management.console import SiteCommand, dataset_named, filter_given
from search.models import Collection, Dataset


class Command(SiteCommand):
    help = (
        "Collections (tags): named sets of a dataset's tiles. Without a name they are listed. A new one is made of all "
        "tiles that --filter keeps, or of --keys; with --add or --remove one that is there is changed. --export saves "
        "it: .csv, .geojson, .parquet (GeoParquet) or .zip (with pictures). Example: manage.py collection blue-marble "
        """bright --filter '{"metrics": {"luminance": [100, null]}}' --export bright.csv"""
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument("name", nargs="?", default="", help="of the collection")
        tiles = parser.add_mutually_exclusive_group()
        tiles.add_argument("--filter", help="JSON, or a file with it (docs/filters.md): all tiles that it keeps")
        tiles.add_argument("--keys", type=Path, help="a file with a tile's key in each line")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--add", action="store_true", help="put these tiles into one that is there")
        change.add_argument("--remove", action="store_true", help="take these tiles out of one that is there")
        change.add_argument("--delete", action="store_true", help="delete it; its tiles stay what they are")
        parser.add_argument("--export", type=Path, metavar="FILE", help="save it; the file's ending says the format")
        parser.add_argument("--site", default="", help="what links begin with, such as https://lookalike.example.org")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, name = dataset_named(options["dataset"]), options["name"]
        form = form_of(options["export"]) if options["export"] else ""
        given = options["filter"] is not None or options["keys"] is not None
        if (options["add"] or options["remove"]) and not given:
            raise CommandError("Say which tiles: --filter or --keys.", returncode=2)
        if not name:
            if given or form or options["delete"]:
                raise CommandError("Give the collection's name.", returncode=2)
            return self.listed(list(dataset.collections.select_related("owner")), options)
        if options["delete"]:
            collecting.delete(collecting.named(dataset, name))
            return self.say(f"{name} is deleted.")
        collection = changed(dataset, name, options) if given else collecting.named(dataset, name)
        if form:
            save(pieces(FORMATS[form].write(Tiles(collection, options["site"].rstrip("/")))), options["export"])
        return self.listed([collection], options)

    def listed(self, found: list[Collection], options: dict[str, Any]) -> None:
        if options["json"]:
            return self.answer([{"id": one.pk, "name": one.name, "count": one.count} for one in found])
        if not found:
            return self.say("There is no collection yet.")
        table = Table("collection", "tiles", "by", "changed")
        for one in found:
            owner = one.owner.get_username() if one.owner else ""
            table.add_row(one.name, f"{one.count:,}", owner, f"{one.changed_at:%Y-%m-%d %H:%M}")
        return Console(file=cast(IO[str], self.stdout._out)).print(table)


def changed(dataset: Dataset, name: str, options: dict[str, Any]) -> Collection:
    keys = tiles_of(dataset, options)
    if options["add"]:
        return collecting.change(collecting.named(dataset, name), add=keys)
    if options["remove"]:
        return collecting.change(collecting.named(dataset, name), remove=keys)
    return collecting.create(dataset, name, keys, None)


def tiles_of(dataset: Dataset, options: dict[str, Any]) -> np.ndarray:
    if options["keys"] is not None:
        return collecting.existing(dataset, read_keys(options["keys"]))
    frame = frames.opened(dataset)
    kept = frame.keys[filters.compiled(dataset, filter_given(options["filter"]), None).of(frame)]
    if not len(kept):
        raise BadCollection("The filter leaves no tile: widen a range, or leave a part of it out.")
    return kept


def read_keys(path: Path) -> list[int]:
    """One a line; empty lines don't count."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    wrong = next((line for line in lines if line and not (line.isdecimal() and len(line) <= 18)), None)
    if wrong is not None:
        raise BadCollection(f"{path} has {wrong[:40]!r}, which is no tile's key: write one in each line.")
    return [int(line) for line in lines if line]


def form_of(path: Path) -> str:
    form = path.suffix[1:].lower()
    if form not in FORMATS:
        raise CommandError(
            f"{path.name!r} does not say which format it shall have. Let it end with one of "
            f"{', '.join(f'.{known}' for known in FORMATS)}.",
            returncode=2,
        )
    return form
