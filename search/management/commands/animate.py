"""manage.py animate"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from search import animating
from search.animating import FORMATS, OPERATOR, Recipe
from search.errors import BadQuery
from search.management.commands.import_images import iso_date
from search.management.console import SiteCommand, bar, dataset_named


class Command(SiteCommand):
    help = (
        "Make a film of a region over its dates: MP4, animated WebP or GIF, with date stamp, scale bar and credit. "
        "Dates without data in the region are left out, or the picture before is held, and you are told which."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="its short name")
        add("--bbox", nargs=4, type=float, required=True, metavar=("WEST", "SOUTH", "EAST", "NORTH"),
            help="in degrees; west greater than east crosses the date line")  # fmt: skip
        add("--out", type=Path, required=True, help="the film to write; its ending says the format")
        add("--from", dest="first", type=iso_date, help="first date, YYYY-MM-DD (default: the earliest)")
        add("--to", dest="last", type=iso_date, help="last date (default: the latest)")
        add("--product", default="", help="imagery layer (default: the dataset's first)")
        add("--format", default="", choices=["", *FORMATS], help="default: by the ending of --out")
        add("--width", type=int, default=960, help="pixels (default 960); the height follows from the box")
        add("--fps", type=float, default=3, help="dates a second (default 3)")
        add("--missing", default="skip", choices=["skip", "hold"], help="what to do with dates without data")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        out, form = options["out"], options["format"] or options["out"].suffix.lower().lstrip(".")
        if form not in FORMATS:
            raise BadQuery(f"{out.name} does not say the format: end it in .mp4, .webp or .gif, or give --format.")
        recipe = Recipe(
            product=options["product"], bbox=tuple(options["bbox"]), first=options["first"], last=options["last"],
            form=form, width=options["width"], fps=options["fps"], missing=options["missing"],
        )  # fmt: skip
        with bar("Filming", quiet=options["json"]) as report:
            said = animating.animate(dataset_named(options["dataset"]), recipe, out, report, limits=OPERATOR)
        if options["json"]:
            self.answer({"file": str(out), **said})
        else:
            self.tell(out, said)

    def tell(self, out: Path, said: dict[str, Any]) -> None:
        self.say(f"{out}: {said['frames']} dates, {said['width']} × {said['height']} pixels, {said['seconds']:g} s, "
                 f"{said['bytes'] / 1e6:.1f} MB.")  # fmt: skip
        if without := said["skipped"] + said["held"]:
            became = "left out" if said["skipped"] else "the picture before is held"
            self.say(self.style.WARNING(f"No data on {', '.join(sorted(without))}: {became}."))
