"""manage.py import_metadata"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from search import tables
from search.errors import BadTable
from search.management.console import SiteCommand, bar, dataset_named


class Command(SiteCommand):
    help = (
        "Bring columns of your own to the tiles of a dataset, from CSV or Parquet: numbers, texts and dates become "
        "filters, colours and weights beside the metrics. Rows are joined by tile key, by a picture's file name, or by "
        "product, date, level, row and col; of those about one tile the last holds. docs/metadata.md explains it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument("file", type=Path, help="a .csv or .parquet file")
        parser.add_argument(
            "--key", default="", metavar="COLUMN",
            help="the column of tile keys or picture names (default: by what columns are called)",
        )  # fmt: skip
        parser.add_argument("--delimiter", default="", help="what parts the columns of a CSV (default: found out)")
        parser.add_argument("--encoding", default="", help="of a CSV (default: found out)")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, path = dataset_named(options["dataset"]), options["file"]
        if not path.is_file():
            raise BadTable(f"There is no file {path}: give a .csv or .parquet file.")
        with bar(f"Reading {path.name}", quiet=options["json"]) as report:
            found = tables.bring_in(
                dataset, path, key=options["key"], delimiter=options["delimiter"], encoding=options["encoding"],
                on_progress=report,
            )  # fmt: skip
        if options["json"]:
            self.answer(found.as_json())
            return
        for sentence in found.sentences():
            self.say(sentence)
