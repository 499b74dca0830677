"""manage.py demo"""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from ml.encoders import DEFAULT
from search import building, encoders, importing, reembedding
from search.management.console import SiteCommand
from search.models import Dataset, Scene

SLUG = "blue-marble"
PRODUCT = "BlueMarble_NextGeneration"
CREDIT = "NASA Earth Observatory, Blue Marble Next Generation (2004)"
LEVELS = {"2004-08-01": [6, 5, 7]}  # level 6 first: searchable within the first minute and a half
OTHERS = [5, 6]
ENCODER = "earth-colour"  # learnt from this very imagery, without labels (docs/benchmarks/ssl.md)
OURS = (ENCODER, DEFAULT)  # what versions of Lookalike gave the demo; another one was a person's choice


class Command(SiteCommand):
    help = (
        "Set up the demo: an administrator, and NASA's Blue Marble (five months of 2004, the whole Earth) queued for "
        "search. Safe to repeat: what is there already is kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.administrator()
        files = sorted((Path(settings.BASE_DIR) / "demo").glob("bluemarble_*.tif"))
        report = importing.take_in(files, importing.Options(
            slug=SLUG, name="Blue Marble 2004", kind="map", product=PRODUCT, title="Blue Marble, true colour",
            credit=CREDIT, public=True, encoder=ENCODER,
        ))  # fmt: skip
        self.follow()
        self.queue(report.scenes)

    def follow(self) -> None:
        """Use this version's encoder: what an earlier one embedded is embedded again, and searched meanwhile."""
        dataset, current = Dataset.objects.get(slug=SLUG), encoders.register(ENCODER)
        if dataset.encoder.name in OURS and current.pk not in (dataset.encoder_id, dataset.next_encoder_id):
            reembedding.start(dataset, current)

    def administrator(self) -> None:
        """Made once, with a password that is printed once and stored nowhere."""
        people = get_user_model().objects
        if people.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        people.create_superuser("admin", password=password)
        self.stdout.write(f"Administrator for /admin/:  name admin  password {password}  (shown this once)")

    def queue(self, scenes: list[Scene]) -> None:
        """August first, level 6 before all; then the other months, the latest first."""
        for scene in Scene.objects.filter(pk__in=[scene.pk for scene in scenes]).order_by("-day"):
            building.request(scene, LEVELS.get(scene.written_day, OTHERS))
