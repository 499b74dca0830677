"""manage.py composite"""

from argparse import ArgumentParser
from typing import Any

from search import compositing, imports
from search.management.commands.import_images import iso_date
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Import


class Command(SiteCommand):
    help = (
        "Make a new product of several days of another: the per-pixel median, the least cloudy day of each pixel, or "
        "the days themselves with their gaps filled from the nearest days around. What is finished is not repeated; "
        "its tiles are embedded in the background."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="its short name")
        add("--product", required=True, help="imagery layer that it is made of")
        add("--method", default="median", choices=compositing.METHODS)
        add("--days", type=int, help="how many days a picture is made of (default 8); for fill_gaps how far to either "
            "side a day with data is looked for (default 3)")  # fmt: skip
        add("--step", type=int, help="days from one picture to the next (default: as --days; fill_gaps: every day)")
        add("--from", dest="first", type=iso_date, help="first date, YYYY-MM-DD (default: the earliest)")
        add("--to", dest="last", type=iso_date, help="last date (default: the latest)")
        add("--name", default="", help="of the new product, as addresses write it (default: made of the options)")
        add("--title", default="", help="of the new product")
        add("--levels", type=int, nargs="+", default=[], help="to make searchable (default: as the product it is of)")
        add("--background", action="store_true", help="leave the work to the running site's workers")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        said = {key: options[key] for key in ("product", "method", "days", "step", "name", "title", "levels")}
        recipe = compositing.Recipe.from_json({**said, "from": options["first"], "to": options["last"]})
        compositing.planned(dataset, recipe)  # refused now, not in a job's log
        job = imports.start(dataset, "composite", recipe.as_json(), background=options["background"])
        if not options["background"]:
            with bar("Compositing", quiet=options["json"]) as report:
                imports.run_here(job, report)
        job.refresh_from_db()
        if options["json"]:
            self.answer({"import": job.pk, "status": job.status, **job.summary})
        else:
            self.tell(job, options["background"])

    def tell(self, job: Import, background: bool) -> None:
        if background:
            return self.say(f"Queued as import {job.pk}: the workers (manage.py serve) will make it.")
        for day, known in job.summary["dates"].items():
            more = [f"{known['filled']:.1%} filled from other days"] if known.get("filled") else []
            more += [f"{known['gaps']:.1%} still without data"] if known["gaps"] else []
            self.say(f"{day}: {len(known['days'])} days{''.join(f', {part}' for part in more)}.")
        made, kept = job.summary["made"], job.summary["kept"]
        return self.say(f"{job.summary['product']}: {made} dates made{f', {kept} were there already' if kept else ''}.")
