"""What our commands share: progress bars on a terminal, JSON for scripts, errors as one sentence with an exit code."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ml.errors import MLError
from search import filters
from search.api.problems import first_problem
from search.errors import BadQuery, NoSuchDataset, SearchError
from search.filters import Filter
from search.models import Dataset

Report = Callable[[int, int], None]
FILTER = '{"metrics": {"sharpness": [10, null]}}'


class SiteCommand(BaseCommand):
    """Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (SearchError, MLError, OSError) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(first_problem(error.detail)) from error

    def say(self, text: str) -> None:
        """For people, on standard error, so that --json leaves standard output clean."""
        self.stderr.write(text, style_func=lambda line: line)

    def answer(self, value: object) -> None:
        """For scripts: JSON on standard output."""
        self.stdout.write(json.dumps(value, indent=2))


def dataset_named(slug: str) -> Dataset:
    dataset = Dataset.objects.select_related("encoder").filter(slug=slug).first()
    if dataset is None:
        known = ", ".join(Dataset.objects.values_list("slug", flat=True)) or "none yet: import some imagery first"
        raise NoSuchDataset(f"There is no dataset {slug!r}. There are: {known}.")
    return dataset


@contextmanager
def bar(title: str, *, quiet: bool = False) -> Iterator[Report]:
    """A progress bar on standard error; report(done, total) moves it. Nothing is drawn when not on a terminal."""
    console = Console(file=sys.stderr)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def filter_given(text: str) -> Filter:
    """What `--filter` says: the JSON of a filter, or the path of a file that holds it. BadQuery, OSError."""
    written = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
    try:
        return filters.read(json.loads(written))
    except json.JSONDecodeError as error:
        raise BadQuery(f"The filter is not JSON: {error}. Write it as {FILTER}, or give a file with it.") from error
