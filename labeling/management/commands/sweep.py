"""manage.py sweep"""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from labeling.management.console import CampaignCommand, numbered
from labeling.models import Campaign, Sweep
from labeling.models.sweeps import UNFINISHED
from labeling.sweeps import describing, running, starting
from search.management.console import Report, bar

PATIENCE = 1.0  # seconds between two looks at parts that other workers have


class Command(CampaignCommand):
    help = (
        "Score every tile of a campaign's scope with its newest classifier. A sweep that was stopped goes on where it "
        "was; workers of the site take part. Example: manage.py sweep 1 && manage.py export 1 islands.geojson"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", type=int, help="its number")
        parser.add_argument("--round", type=int, help="whose classifier (default: the newest)")
        parser.add_argument("--new", action="store_true", help="begin anew, also when one was stopped or has failed")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        sweep = self.chosen(numbered(options["campaign"]), options)
        with bar("Scoring", quiet=options["json"]) as report:
            self.work(sweep, report)
        sweep.refresh_from_db()
        told = describing.sweep(sweep)
        if sweep.status != Sweep.State.READY:
            raise CommandError(f"{sweep}: {sweep.status}. {told['error']}".strip())
        if options["json"]:
            self.answer({name: told[name] for name in ("number", "round", "status", "done", "tiles_per_second")})
        else:
            self.say(f"Sweep {sweep.number}: {told['done']:,} tiles in {told['shards']['total']} shards, "
                     f"{above(told):,} of them score {told['threshold']:g} or more.")  # fmt: skip

    def chosen(self, campaign: Campaign, options: dict[str, Any]) -> Sweep:
        """The one that goes on, was stopped or failed; else a new one."""
        last = campaign.sweeps.order_by("-number").first()
        stopped = last and (options["round"] is None or last.round is None or last.round.number == options["round"])
        if last and last.status in UNFINISHED:
            return last
        if last and stopped and last.status != Sweep.State.READY and not options["new"]:
            return starting.resume(last, background=False)
        return starting.begin(campaign, number=options["round"], background=False)[0]

    def work(self, sweep: Sweep, report: Report) -> None:
        """Part after part; those that other workers have are waited for."""
        while sweep.goes_on():
            waiting = sweep.parts.select_related("sweep__campaign__dataset").claimable().order_by("pk")
            done = [running.run_here(part, lambda *_: report(*sweep.progress())) for part in waiting]
            report(*sweep.progress())
            if not any(done):
                time.sleep(PATIENCE)


def above(told: dict[str, Any]) -> int:
    """Tiles from the threshold on, by the histogram's bands."""
    counts = told["histogram"]
    return sum(counts[round(told["threshold"] * len(counts)) :])
