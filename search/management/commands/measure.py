"""manage.py measure"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ml.errors import MLError
from search import building, measuring
from search.errors import SearchError
from search.management.console import SiteCommand, bar, dataset_named
from search.models import Shard


class Command(SiteCommand):
    help = (
        "Measure the tiles of shards that were made before some metrics existed, or before their cloud mask did. "
        "Nothing is embedded again, and searches go on meanwhile. What was interrupted is continued. "
        "docs/metrics.md says what each metric is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="its short name")
        parser.add_argument(
            "--again", action="store_true", help="measure all of its shards, also those that lack nothing"
        )
        parser.add_argument("--background", action="store_true", help="leave the work to the running site's workers")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset, quiet = dataset_named(options["dataset"]), options["json"]
        if options["again"]:
            measuring.candidates(dataset).update(measured="")
        numbers = measuring.request(dataset, background=options["background"])
        failed = {} if options["background"] else self.measure(numbers, quiet=quiet)
        rows = Shard.objects.of(dataset).filter(pk__in=numbers)
        if quiet:
            self.answer(
                [{"shard": str(s), "status": s.status, "tiles": s.tiles, "error": failed.get(s.pk)} for s in rows]
            )
        elif not numbers:
            others = measuring.at_work(dataset)
            self.say(f"Shards of {dataset.name} that another process is measuring: {others}." if others else
                     f"Every shard of {dataset.name} has all metrics: nothing to do.")  # fmt: skip
        else:
            begun = "queued" if options["background"] else "measured"
            self.say(f"{dataset.name}, shards {begun}: {len(numbers) - len(failed)} of {len(numbers)}.")
        if failed:
            raise CommandError(" ".join(dict.fromkeys(failed.values())))

    def measure(self, numbers: list[int], *, quiet: bool) -> dict[int, str]:
        """One by one; what went wrong with which."""
        failed = {}
        for shard in Shard.objects.filter(pk__in=numbers).select_related("scene__product__dataset", "encoder"):
            with bar(f"Measuring {shard}", quiet=quiet) as report:
                try:
                    building.build_here(shard, report)
                except (SearchError, MLError, OSError) as error:
                    failed[shard.pk] = f"{shard}: {error}"
        return failed
