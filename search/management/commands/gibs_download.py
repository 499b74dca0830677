"""manage.py gibs_download"""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.text import slugify

from ml.encoders import DEFAULT, builtin
from search import animating, building, gibs, imports, keys
from search.errors import BadQuery, Incomplete
from search.gibs import endpoint, estimating, planning, rules
from search.imports import gibs as importer
from search.intake.options import Options
from search.intake.storing import dataset_of
from search.management.console import SiteCommand, bar
from search.models import Dataset, Import, Shard, Status

INCOMPLETE = 3
FILMS = ("mp4", "webp", "gif")


class Command(SiteCommand):
    help = """\
Bring NASA imagery in by one line and make it searchable.

  manage.py gibs_download --layer modis terra true color --date 2012-07-09 --bbox 170 -25 -170 -10 --level 6
  manage.py gibs_download --layer MODIS_Terra_CorrectedReflectance_Bands721 --from 2019-06-01 --to 2019-08-31 \\
      --step 7 --polygon siberia.geojson --level 7 --dataset fires
  manage.py gibs_download --list-layers brightness temperature

Levels: a larger number looks for smaller things. In EPSG:4326 a tile of level 5, 6, 7 or 8 is about 1000, 500, 250 or
125 km wide at the equator. It says first how many tiles, megabytes and minutes it will be. Stop it whenever you like:
the same line goes on where it stopped. docs/gibs.md says more.

Exit codes: 0 complete, 1 refused or failed, 2 wrong usage, 3 some tiles are missing (repeat the line: it fetches only
those)."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_argument_group("what").add_argument
        what("--layer", nargs="+", default=[], metavar="WORD", help="the layer's id, or words that only it has")
        what("--date", nargs="+", default=[], metavar="YYYY-MM-DD", help="one date or several")
        what("--from", dest="first", metavar="YYYY-MM-DD", help="first of a range of dates")
        what("--to", dest="last", metavar="YYYY-MM-DD", help="last of the range (default: the first)")
        what("--step", metavar="DAYS", help="every so many days, or P1M for months (default: every date it has)")
        what("--time", nargs="+", default=[], metavar="HH:MM", help="of layers with several pictures a day, in UTC")
        what("--bbox", nargs=4, type=float, metavar=("WEST", "SOUTH", "EAST", "NORTH"),
             help="in degrees; west greater than east crosses the date line (default: the whole Earth)")  # fmt: skip
        what("--polygon", type=Path, metavar="FILE", help="GeoJSON instead of a box: only tiles that it touches")
        what("--level", "--levels", dest="levels", nargs="+", type=int, default=[], metavar="N",
             help="one or several; without it the layer's are listed")  # fmt: skip
        what("--projection", type=int, default=4326, choices=sorted(endpoint.EPSGS),
             help="EPSG: 4326 degrees (default), 3857 Web Mercator, 3413 Arctic, 3031 Antarctic")  # fmt: skip
        into = parser.add_argument_group("into").add_argument
        into("--dataset", default="", help="short name of the dataset, new or not (default: the layer's name)")
        into("--name", default="", help="title of a new dataset")
        into("--encoder", default=DEFAULT, help=f"of a new dataset: {', '.join(builtin())}, or a model folder")
        into("--engine", default="annoy", choices=["annoy", "faiss"], help="of a new dataset's index (docs/engines.md)")
        into("--public", action="store_true", help="a new dataset may be searched by anyone who reaches the site")
        how = parser.add_argument_group("how").add_argument
        how("--dry-run", action="store_true", help="say what it would be, and end")
        how("--yes", action="store_true", help=f"don't ask above {planning.ASK_ABOVE:,} tiles")
        how("--limit", type=int, metavar="N", help="refuse more than so many tiles")
        how("--concurrency", type=int, metavar="N", help=f"requests at once (default {rules.START_SMALL})")
        how(
            "--rate",
            type=float,
            metavar="MBITS",
            help=f"Mbit/s at most (default and most: {rules.MEGABITS:g}, NASA's rule)",
        )
        how("--endpoint", default="", metavar="URL", help="another WMTS server with GIBS' paths (default: GIBS_URL)")
        how("--now", action="store_true", help="embed and index here and now instead of in the background")
        how("--json", action="store_true", help="answer for scripts")
        then = parser.add_argument_group("then").add_argument
        then("--pack", choices=["webdataset"], help="also write the tiles as tar shards for training")
        then("--animate", choices=FILMS, help="also make a film of the region over its dates")
        then(
            "--out",
            type=Path,
            metavar="PATH",
            help="folder of --pack, or file of --animate (default: below the data folder)",
        )
        parser.add_argument(
            "--list-layers", nargs="*", metavar="WORD", help="list the layers that have these words, and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with endpoint.chosen(options["endpoint"]):
            if options["list_layers"] is not None:
                self.list_layers(" ".join(options["list_layers"]), options["projection"], options["json"])
                return
            recipe = recipe_of(options)
            plan = gibs.estimate(recipe)
            if options["dry_run"]:
                self.tell_plan(plan, options["json"])
                return
            self.confirm(plan, options)
            self.download(recipe | {"layer": plan.layer.id, "host": endpoint.host()}, plan, options)

    def list_layers(self, words: str, epsg: int, as_json: bool) -> None:
        found = gibs.find_layers(words, epsg)
        if as_json:
            self.answer([layer.describe() for layer in found])
            return
        for layer in found:
            said = layer.describe()
            dates = f"{said['from']} to {said['to']}" if layer.dates else "no dates"
            values = ", values" if layer.colormap else ""
            self.stdout.write(f"{layer.id}\n    {layer.title}; {dates}; levels 0 to {layer.deepest}{values}")
        self.say(f"{len(found)} layers in EPSG:{epsg}.")

    def tell_plan(self, plan: planning.Plan, as_json: bool) -> None:
        if as_json:
            self.answer(plan.describe())
            return
        for note in plan.notes:
            self.say(self.style.WARNING(note))
        self.stdout.write(plan.sentence())

    def confirm(self, plan: planning.Plan, options: dict[str, Any]) -> None:
        """Say what it will be, and ask above a limit; BadQuery when nobody is there to answer."""
        if options["limit"] is not None and len(plan) > options["limit"]:
            raise BadQuery(f"{len(plan):,} tiles are more than the limit of {options['limit']:,} (--limit).")
        if not options["json"]:
            for note in plan.notes:
                self.say(self.style.WARNING(note))
            self.say(plan.sentence())
        if len(plan) <= planning.ASK_ABOVE or options["yes"]:
            return
        if not sys.stdin.isatty():
            raise BadQuery(f"{len(plan):,} tiles are many: add --yes to download them, or --dry-run to look first.")
        if input("Download them? [y/N] ").strip().lower() not in ("y", "yes"):
            raise BadQuery("Nothing was downloaded.")

    def download(self, recipe: dict[str, Any], plan: planning.Plan, options: dict[str, Any]) -> None:
        dataset = dataset_for(plan, options)
        job = job_for(dataset, recipe)
        token = importer.in_background.set(not options["now"])
        problem = ""
        try:
            with bar("Downloading", quiet=options["json"]) as report:
                if not imports.run_here(job, report):
                    raise BadQuery("The download was stopped, or another process is at it.")
        except Incomplete as error:
            problem = str(error)
        finally:
            importer.in_background.reset(token)
        job.refresh_from_db()
        if options["now"]:
            self.build(dataset, options["json"])
        extras = self.extras(dataset, plan, options) if not problem else {}
        self.tell(job, options["json"], problem, extras)

    def build(self, dataset: Dataset, quiet: bool) -> None:
        for shard in Shard.objects.of(dataset).filter(status=Status.WAITING):
            with bar(f"Embedding {shard}", quiet=quiet) as report:
                building.build_here(shard, report)

    def extras(self, dataset: Dataset, plan: planning.Plan, options: dict[str, Any]) -> dict[str, str]:
        """--pack and --animate: where their files are."""
        made = {}
        if options["pack"]:
            packing = import_module("search.packing")  # only who packs needs it
            made["pack"] = str(packing.pack_gibs(dataset, plan, options["out"] if not options["animate"] else None))
        if options["animate"]:
            made["animate"] = self.film(dataset, plan, options)
        return made

    def film(self, dataset: Dataset, plan: planning.Plan, options: dict[str, Any]) -> str:
        """One film of the first product of the plan, of the box around its region."""
        form, name = options["animate"], plan.sheets[0].source.product_name
        days = [keys.date_of(sheet.day) for sheet in plan.sheets]
        recipe = animating.Recipe(
            product=name, bbox=tuple(options["bbox"] or plan.bbox), first=days[0], last=days[-1], form=form
        )
        out = options["out"] or Path(settings.DATA_DIR) / "films" / f"{dataset.slug}-{name}.{form}"
        with bar("Filming", quiet=options["json"]) as report:
            animating.animate(dataset, recipe, out, report, limits=animating.OPERATOR)
        return str(out)

    def tell(self, job: Import, as_json: bool, problem: str, extras: dict[str, str]) -> None:
        missing = str(job.folder / importer.LIST) if problem else None
        if as_json:
            about = {"dataset": job.dataset.slug, "import": job.pk, "complete": not problem}
            self.answer({**about, "problem": problem or None, "missing_list": missing, **job.summary, **extras})
        elif not problem:
            self.say(f"{job.dataset.name}: {said(job.summary)}")
            for place in extras.values():
                self.say(f"Written: {place}")
        if problem:
            raise CommandError(f"{problem} The list: {missing}", returncode=INCOMPLETE)


def said(summary: dict[str, Any]) -> str:
    count = {name: summary.get(name, 0) for name in ("tiles", "dates", "fetched", "bytes", "nodata")}
    return (
        f"{count['tiles']:,} tiles on {count['dates']} dates, {count['fetched']:,} of them fetched now "
        f"({estimating.written_bytes(count['bytes'])}), {count['nodata']:,} without data."
    )


def recipe_of(options: dict[str, Any]) -> dict[str, Any]:
    """What search/gibs/planning.py takes, without what was not given."""
    given = {
        "layer": " ".join(options["layer"]), "epsg": options["projection"], "bbox": options["bbox"],
        "polygon": polygon_in(options["polygon"]) if options["polygon"] else None, "levels": options["levels"],
        "dates": options["date"], "from": options["first"], "to": options["last"], "step": options["step"],
        "time": options["time"], "connections": options["concurrency"], "megabits": options["rate"],
    }  # fmt: skip
    return {name: value for name, value in given.items() if value not in (None, [], "")}


def polygon_in(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise BadQuery(f"{path} is not GeoJSON: {error}.") from error


def dataset_for(plan: planning.Plan, options: dict[str, Any]) -> Dataset:
    """The dataset of that name, or a new one; its pyramid is the projection's."""
    chosen = Options(
        slug=options["dataset"] or slugify(plan.layer.id.replace("_", "-"))[:60], name=options["name"],
        encoder=options["encoder"], engine=options["engine"], public=options["public"], credit=endpoint.CREDIT,
        tms=endpoint.EPSGS[plan.layer.epsg].id,
    )  # fmt: skip
    return dataset_of(chosen, Dataset.Kind.MAP)


def job_for(dataset: Dataset, recipe: dict[str, Any]) -> Import:
    """The unfinished download of the same recipe, to be gone on with, or a new one."""
    mine = Import.objects.filter(dataset=dataset, kind="gibs").exclude(status__in=[Status.RUNNING, Status.READY])
    same = next((job for job in mine if job.recipe == recipe), None)
    if same is None:
        return imports.start(dataset, "gibs", recipe, background=False)
    Import.objects.filter(pk=same.pk).retry()
    same.refresh_from_db()
    return same
