"""manage.py import_images"""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from ml.encoders import DEFAULT, builtin
from search import building, grid, importing
from search.errors import BadImagery
from search.intake.framing import Framing
from search.intake.stretching import KINDS, Stretching
from search.management.console import SiteCommand, bar
from search.models import Dataset, Shard


def iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date: write YYYY-MM-DD") from error


class Command(SiteCommand):
    help = (
        "Bring imagery in and queue it for search. GeoTIFFs (anything GDAL reads that has a place on Earth) become a "
        "map; folders, zips or lists (CSV, Parquet) of plain pictures become a gallery, their class subfolders labels, "
        "and so do videos, of which frames are taken (docs/video.md). "
        "Files are read where they are: leave them there, or take copies with --convert. Zips are unpacked and "
        "addresses fetched into the data folder. Repeating an import adds what is new and keeps the rest; one that was "
        "stopped goes on. docs/imagery.md explains all of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("paths", nargs="+", help="files, folders to look through, zips, lists, or addresses (https://…)")
        add("--dataset", required=True, help="short name, as addresses write it: my-coasts")
        add("--name", default="", help="title shown on the page (default: the short name)")
        add("--kind", default="", choices=["map", "gallery"], help="default: decided by the first file")
        add("--product", default="images", help="name of this imagery layer within the dataset")
        add("--title", default="", help="title of the layer")
        add("--credit", default="", help="who must be credited; shown on the map")
        add("--encoder", default=DEFAULT, help=f"{', '.join(builtin())}, or a model folder")
        add("--engine", default="annoy", choices=["annoy", "faiss"], help="of a new dataset's index (docs/engines.md)")
        add("--public", action="store_true", help="anyone who reaches the site may search it")
        add("--now", action="store_true", help="embed and index here and now instead of in the background")
        add("--json", action="store_true", help="answer for scripts")
        self.add_dates(parser.add_argument_group("dates (default: any date in the file's name, else its tags)"))
        self.add_frames(parser.add_argument_group("frames of videos (default: one a second)"))
        self.add_pixels(parser.add_argument_group("pixels"))
        self.add_tiling(parser.add_argument_group("tiles of a new dataset"))

    def add_dates(self, group: Any) -> None:
        group.add_argument("--date", type=iso_date, help="YYYY-MM-DD, of all files")
        group.add_argument("--date-pattern", default="", help="the date's place in file names: S2_%%Y%%m%%d, A%%Y%%j")
        group.add_argument("--footprints", type=Path, help="a STAC item or GeoJSON that names files, dates and bands")

    def add_frames(self, group: Any) -> None:
        rate, most = group.add_mutually_exclusive_group(), group.add_mutually_exclusive_group()
        rate.add_argument("--every", type=float, metavar="SECONDS", help="look at a frame every so often; 0: at each")
        rate.add_argument("--fps", type=float, help="look at so many frames a second")
        group.add_argument("--min-change", type=float, default=0.0, metavar="0..1", help="of those, leave out what "
                           "differs by less from the last one kept (mean absolute luminance), e.g. 0.02")  # fmt: skip
        most.add_argument("--frames", type=int, default=0, metavar="N", help="of each video keep the N most varied of "
                          "them, by the dataset's encoder")  # fmt: skip
        most.add_argument("--share", type=float, default=0.0, metavar="0..1", help="or this share of them")

    def add_pixels(self, group: Any) -> None:
        add = group.add_argument
        add(
            "--bands", type=int, nargs="+", default=[], help="one, drawn grey, or three, drawn red, green, blue; from 1"
        )
        add("--stretch", choices=KINDS, help="values drawn black and white, one choice for all dates of a layer "
            "(default: 8-bit colours as they are, others by percentiles)")  # fmt: skip
        add("--percentiles", type=float, nargs=2, default=[2, 98], metavar=("LOW", "HIGH"), help="default: 2 98")
        add("--low", type=float, nargs="+", default=[], help="for --stretch given: drawn black, one or one a band")
        add("--high", type=float, nargs="+", default=[], help="for --stretch given: drawn white, one or one a band")
        add("--nodata", type=float, help="the value that means no data (default: what each file says)")
        add("--convert", action="store_true", help="copy rasters into the data folder as COGs")
        add("--cloud-mask-of", default="", metavar="PRODUCT", help="these files say where another product of the "
            "dataset shows clouds (what is not 0): its tiles' cloud_share is taken from them")  # fmt: skip

    def add_tiling(self, group: Any) -> None:
        add = group.add_argument
        add(
            "--levels",
            type=int,
            nargs="+",
            default=[],
            help="sizes to make searchable, e.g. 5 6 (default: by resolution)",
        )
        add("--grid", default=grid.GEOGRAPHIC.id, choices=list(grid.GRIDS), help="the tile pyramid and its projection")
        add("--offset-grid", action="store_true", help="index tiles moved by half a tile too")
        add("--edges", default="include", choices=Dataset.Edges.values, help="what to do with tiles that are cut")
        add("--min-valid", type=float, default=0.0, help="least share of a tile that must be data, 0 to 1")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = importing.Options(
            slug=options["dataset"], name=options["name"], kind=options["kind"], product=options["product"],
            title=options["title"], credit=options["credit"], day=options["date"], levels=tuple(options["levels"]),
            encoder=options["encoder"], engine=options["engine"], public=options["public"],
            date_pattern=options["date_pattern"], footprints=options["footprints"], bands=tuple(options["bands"]),
            stretch=stretching(options), nodata=options["nodata"], convert=options["convert"], tms=options["grid"],
            offset_grid=options["offset_grid"], edges=options["edges"], min_valid=options["min_valid"],
            framing=framing(options), mask_of=options["cloud_mask_of"],
        )  # fmt: skip
        with bar("Looking at files", quiet=options["json"]) as report:
            imported = importing.import_images(
                options["paths"], chosen, report, on_video=report, background=not options["now"]
            )
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
                "notes": imported.notes,
                "refused": [{"path": path, "why": why} for path, why in imported.refused],
            })  # fmt: skip
            return
        for note in imported.notes:
            self.say(self.style.WARNING(note))
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


def framing(options: dict[str, Any]) -> Framing:
    every = Framing.every if options["every"] is None else options["every"]
    if options["fps"] is not None:
        if not options["fps"] > 0:
            raise BadImagery("--fps is a number of frames a second, more than 0; every frame: --every 0.")
        every = 1 / options["fps"]
    return Framing(every, options["min_change"], options["frames"], options["share"])


def stretching(options: dict[str, Any]) -> Stretching:
    kind = options["stretch"] or ("given" if options["low"] else "percentiles")
    return Stretching(
        kind=kind, percentiles=tuple(options["percentiles"]), low=tuple(options["low"]), high=tuple(options["high"]),
        asked=bool(options["stretch"] or options["low"]),
    )  # fmt: skip
