"""manage.py export"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from labeling import exporting
from labeling.errors import NoSuchSweep
from labeling.management.console import CampaignCommand, numbered
from labeling.models import Campaign, Sweep
from search.exporting.streaming import save


class Command(CampaignCommand):
    help = (
        "Save what a campaign has found: the tiles that its last sweep scores highly, and all that have a label. The "
        "file's name says the format: .geojson, .parquet (GeoParquet), .csv, .kml, .json (COCO), .tar (WebDataset), "
        ".zip (pictures in folders). Example: manage.py export 1 islands.geojson --min 0.8"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", type=int, help="its number")
        parser.add_argument("file", type=Path, help="where to save it")
        parser.add_argument("--min", type=float, help="lowest score of tiles without a label (default: the sweep's)")
        parser.add_argument("--labelled", action="store_true", help="leave out tiles without a label")
        parser.add_argument("--sweep", type=int, help="its number (default: the last that has ended)")
        parser.add_argument("--site", default="", help="what links begin with, such as https://lookalike.example.org")
        parser.add_argument("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        form, campaign = exporting.format_of(options["file"].name), numbered(options["campaign"])
        if options["min"] is not None and not 0 <= options["min"] <= 1:
            raise CommandError("--min is a score: write a number from 0 to 1.", returncode=2)
        sweep = sweep_of(campaign, options["sweep"])
        least = options["min"] if options["min"] is not None else (sweep.threshold or 0.5) if sweep else 0.5
        collection = exporting.Collection(campaign, sweep, least, options["labelled"], options["site"].rstrip("/"))
        size = save(exporting.pieces(form.write(collection)), options["file"])
        if options["json"]:
            self.answer({"file": str(options["file"]), "bytes": size, "sweep": sweep.number if sweep else None})
        else:
            of = (
                f"Sweep {sweep.number} from {least:g} on, and all labels" if sweep else "All labels (there is no sweep)"
            )
            self.say(f"{of}: saved as {options['file']}, {size / 1e6:,.1f} MB.")


def sweep_of(campaign: Campaign, number: int | None) -> Sweep | None:
    """NoSuchSweep for a number that there is not; None when none has ended yet."""
    if number is None:
        return campaign.sweeps.filter(status=Sweep.State.READY).order_by("-number").first()
    found = campaign.sweeps.filter(number=number).first()
    if found is None:
        raise NoSuchSweep(f"Campaign {campaign.pk} has no sweep {number}.")
    return found
