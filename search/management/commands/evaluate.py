"""manage.py evaluate"""

from argparse import ArgumentParser
from typing import Any

from ml.evaluate.report import plain
from search import evaluating
from search.evaluating import describing
from search.evaluating.recipe import OWN
from search.management.console import SiteCommand, bar, dataset_named


class Command(SiteCommand):
    help = (
        "How good are a dataset's vectors, and would another encoder's be better? Encoders side by side on labels at "
        "hand: a gallery's classes, a campaign's labels, a column of a table, collections. A tile's neighbours on the "
        "map, the same place on other dates and nested tiles never count. docs/evaluation.md explains the measures."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="short name")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--labels", default="", help="a text column: label, station, @label:3 (campaign 3) …")
        what.add_argument("--collections", nargs="+", default=[], metavar="NAME", help="collections, each a class")
        add("--encoder", nargs="+", default=[OWN], help="own (the dataset's vectors) and names of the model store")
        add("--apart", type=float, default=1.0, help="how far apart two tiles' middles lie at least, in sides of a "
            "tile, for one to count for the other; 1, the default, leaves out what touches")  # fmt: skip
        add("--place", default="", help="a text column; tiles of one value never count (default: a frame's video)")
        add("--most", type=int, default=2000, help="tiles measured on, drawn at random by class; 2000 by default")
        add("--seed", type=int, default=0, help="of that sample")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        asked = {name: options[name] for name in ("labels", "collections", "apart", "place", "most", "seed")}
        job = evaluating.request(dataset, {**asked, "encoders": options["encoder"]}, background=False)
        with bar("Evaluating", quiet=options["json"]) as report:
            evaluating.make_here(job, lambda stage, done, total: report(done, total))
        job.refresh_from_db()
        if options["json"]:
            self.answer({"id": job.pk, "recipe": job.recipe, **job.report})
        else:
            self.tell(job.report)

    def tell(self, report: dict[str, Any]) -> None:
        say = self.stdout.write
        places = next((one["places"] for one in report["results"] if "places" in one), 0)
        classes = len(report["classes"])
        say(f"{report['title']}: {report['measured']:,} tiles of {places:,} places in {classes} classes\n")
        header = ["", *(measure.title for measure in describing.MEASURES)]
        rows = describing.rows(report)
        say(plain([header, *([row["one"]["title"], *(cell["text"] for cell in row["cells"])] for row in rows)]) + "\n")
        intervals = [["95 %", *(measure.title for measure in describing.NEIGHBOURS)]]
        intervals += [[row["one"]["title"], *(cell["interval"] for cell in row["cells"][:4])] for row in rows]
        say(plain(intervals) + "\n")
        table = describing.by_class(report)[0]
        names = [f"{table['measure'].title} of", *(row["one"]["title"] for row in rows)]
        say(plain([names, *([row["name"], *row["cells"]] for row in table["rows"])]))
        for one in report["results"]:
            if "error" in one:
                self.say(self.style.WARNING(f"{one['title']} could not be measured: {one['error']}"))
        for note in report["notes"]:
            self.say(note)
