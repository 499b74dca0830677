"""manage.py train_classifier"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.core.serializers.json import DjangoJSONEncoder

from labeling import rounds
from labeling.management.console import CampaignCommand, numbered
from labeling.models import Round
from labeling.rounds import describing
from search.management.console import bar


class Command(CampaignCommand):
    help = (
        "A round of learning, here and now: train a classifier on a campaign's labels, and put the tiles that teach it "
        "most before its people. Example: manage.py train_classifier 1"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", type=int, help="its number")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = numbered(options["campaign"])
        one, new = rounds.ask_for_one(campaign, background=False)
        one.campaign = campaign
        with bar("Learning", quiet=options["json"]) as report:
            done = rounds.run_here(one, report)
        if not done:
            waits = "is being run by a worker already" if not new else "was taken over, or cancelled"
            raise CommandError(f"Round {one.number} {waits}.")
        self.tell(Round.objects.get(pk=one.pk), options)

    def tell(self, one: Round, options: dict[str, Any]) -> None:
        told = describing.described([one])[0]
        if options["json"]:
            self.stdout.write(DjangoJSONEncoder(indent=2).encode(told))
            return
        chosen = ", ".join(f"{n} {why}" for why, n in sorted(told["chosen"].items())) or "none: all have labels"
        self.stdout.write(
            f"Round {one.number}: {one.labels:,} labels, {one.positives:,} of them yes. Asked next: {chosen}."
        )
        measured = [f"{name.replace('_', ' ')} {value[0]:.2f} ({value[1]:.2f} to {value[2]:.2f})"
                    for name, value in one.metrics.items() if isinstance(value, list)]  # fmt: skip
        if measured:
            self.stdout.write(f"{', '.join(measured)}, on {one.metrics['measured_on']}.")
        self.stdout.write(one.advice.get("text", ""))
