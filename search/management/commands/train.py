"""manage.py train"""

from argparse import ArgumentParser
from dataclasses import asdict, replace
from typing import Any

from ml.train.config import BACKBONES, METHODS, PAIRS
from search import reembedding, training
from search.errors import BadQuery
from search.management.commands.embed import build_waiting
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Dataset, Training
from search.training import describing, options, pace
from search.training.options import COLOURS_DIFFER, PRESETS, Options

PHASES = {"tiles": "Gathering tiles", "learning": "Learning", "storing": "Writing the report card"}


def numbered(dataset: Dataset, number: int) -> Training:
    Training.objects.release_dead()  # else a killed one is taken to be at work until its lease ends
    job = dataset.trainings.filter(pk=number).first()
    if job is None:
        known = ", ".join(map(str, dataset.trainings.values_list("pk", flat=True))) or "none"
        raise BadQuery(f"{dataset.name} has no training {number}. There are: {known}.")
    return job


class Command(SiteCommand):
    help = (
        "Teach an encoder on a dataset's own tiles, without labels. It lands in the model store with its report card. "
        "Interrupted with Ctrl-C it stops at its last checkpoint; --resume goes on there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument("--preset", choices=list(PRESETS), default="good", help="epochs and tiles (good)")
        parser.add_argument("--epochs", type=int, help="looks at each tile")
        parser.add_argument("--most", type=int, help="tiles at most, drawn at random; 0: all")
        parser.add_argument("--method", choices=METHODS, help="simclr")
        parser.add_argument("--backbone", help=f"a network of timm's: {', '.join(BACKBONES)}")
        parser.add_argument("--start", help="imagenet (usual), an encoder as NAME or NAME/VERSION, or empty: random")
        parser.add_argument("--size", type=int, help="pixels a side (64)")
        parser.add_argument("--levels", type=int, nargs="+", help="levels of the tiles; those that are searchable")
        parser.add_argument("--products", nargs="+", help="names; all")
        parser.add_argument("--from", dest="first", help="first date, YYYY-MM-DD")
        parser.add_argument("--to", dest="last", help="last date")
        parser.add_argument("--pairs", choices=PAIRS, help="what is the same thing besides two views of a tile (views)")
        parser.add_argument("--colours-differ", action="store_true", help="colours do not matter: views differ in them")
        parser.add_argument("--balance", type=int, help="clusters that are drawn equally often; 0: every tile once")
        parser.add_argument("--batch", type=int, help="images a step; 0: automatic")
        parser.add_argument("--seed", type=int, help="of all that is random (0)")
        parser.add_argument("--name", default="", help="of the encoder in the model store (DATASET-own)")
        parser.add_argument("--use", action="store_true", help="embed the dataset with it afterwards")
        parser.add_argument("--estimate", action="store_true", help="only say how long it would take here")
        parser.add_argument("--resume", type=int, metavar="NUMBER", help="go on with a training that was stopped")
        parser.add_argument("--background", action="store_true", help="leave the work to the running site's worker")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **given: Any) -> None:
        dataset = dataset_named(given["dataset"])
        if given["estimate"]:
            self.estimate(dataset, self.chosen(given), quiet=given["json"])
            return
        if given["resume"]:
            job = numbered(dataset, given["resume"])
            training.resume(job, background=given["background"])
        else:
            job = training.start(dataset, self.chosen(given), name=given["name"], background=given["background"])
        if not given["background"]:
            self.run_here(job, quiet=given["json"])
            if given["use"]:
                self.use(job, quiet=given["json"])
        self.tell(job, quiet=given["json"])

    def chosen(self, given: dict[str, Any]) -> Options:
        names = ("preset", "epochs", "most", "method", "backbone", "start", "size", "levels", "products", "first",
                 "last", "pairs", "balance", "batch", "seed")  # fmt: skip
        chosen = Options.of({name: given[name] for name in names if given[name] is not None})
        return replace(chosen, views=asdict(COLOURS_DIFFER)) if given["colours_differ"] else chosen

    def estimate(self, dataset: Dataset, chosen: Options, *, quiet: bool) -> None:
        if chosen.backbone not in pace.known():
            self.say(f"Timing a few steps of {chosen.backbone} …")
            pace.measure(chosen.backbone)
        found = pace.estimate(dataset, chosen)[chosen.preset]
        if quiet:
            self.answer(found._asdict())
        else:
            self.say(f"{found.epochs} epochs of {found.tiles:,} tiles: about {(found.seconds or 0) / 60:.0f} minutes, "
                     f"{found.bytes / 2**20:,.0f} MB of disk meanwhile.")  # fmt: skip

    def run_here(self, job: Training, *, quiet: bool) -> None:
        with bar(str(job), quiet=quiet) as report:
            training.run_here(job, lambda row: report(row.done, row.total))
        job.refresh_from_db()

    def use(self, job: Training, *, quiet: bool) -> None:
        if job.encoder is not None and not reembedding.start(job.dataset, job.encoder, background=False):
            build_waiting(job.dataset, quiet=quiet)

    def tell(self, job: Training, *, quiet: bool) -> None:
        job.refresh_from_db()
        told = describing.describe(job)
        if quiet:
            self.answer({**told, "created_at": str(job.created_at), "finished_at": str(job.finished_at)})
        elif job.status == "ready":
            self.say(f"{told['encoder']} is in the model store: {options.models() / told['encoder']}")
        else:
            self.say(f"Training {job.pk} is {job.status}{': ' + PHASES[job.phase] if job.done else ''}.")
