"""manage.py models COMMAND: python -m ml.modelstore, on this site's store."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ml import command
from ml.modelstore.__main__ import main


class Command(BaseCommand):
    help = "The encoders of this site: list, show, compare, promote, retire, verify, download, upload and more."

    def run_from_argv(self, argv: list[str]) -> None:
        """The words are those of python -m ml.modelstore, whose --help tells them."""
        store = Path(settings.DATA_DIR) / "models"
        command.run(lambda: main(argv[2:], f"{Path(argv[0]).name} {argv[1]}", store))

    def handle(self, *args: Any, **options: Any) -> None:
        self.run_from_argv(["manage.py", "models", *map(str, args)])
