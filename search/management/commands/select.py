"""manage.py select"""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search import filters, selecting
from search.errors import BadQuery
from search.management.console import SiteCommand, bar, dataset_named, filter_given
from search.models import Selection
from search.selecting import describing

EXAMPLE = '{"n": 500, "objectives": [{"kind": "diversity"}]}'
WHY = {
    "number": "as many as you asked for", "min_distance": "no tile is farther than the least distance from all of them",
    "nothing left": "no tile was left to choose from",
}  # fmt: skip


class Command(SiteCommand):
    help = (
        "Choose the tiles worth a human's time, and keep them as a collection: varied ones by default, or by a recipe "
        "(docs/selection.md). Example: manage.py select blue-marble --share 0.01 --duplicates 0.15 --name round-1. "
        "The same seed chooses the same tiles. Ctrl-C stops it, and nothing is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("dataset", help="its short name")
        amount = parser.add_mutually_exclusive_group()
        amount.add_argument("--n", "-n", type=int, help="how many tiles")
        amount.add_argument("--share", type=float, help="how many, as a share: 0.01 is one in a hundred")
        add("--recipe", default="", help=f"JSON, or a file with it, such as {EXAMPLE}; other options go before it")
        add("--filter", default="", help="JSON, or a file with it: choose among these tiles only (docs/filters.md)")
        add("--name", help="of the collection that it becomes (default: Selection 1, 2, …)")
        add("--continue-from", metavar="COLLECTION", help="a collection that is chosen already: unlike those")
        add("--exclude", nargs="+", metavar="COLLECTION", help="collections whose tiles are not to be chosen")
        add("--duplicates", type=float, metavar="DISTANCE", help="first leave one of tiles that are closer, as 0.15")
        add("--min-distance", type=float, metavar="DISTANCE", help="no two chosen tiles are closer than this")
        add("--seed", type=int, help="of all that is random (0)")
        add("--background", action="store_true", help="leave the work to the running site's worker")
        add("--json", action="store_true", help="answer for scripts")

    def handle(self, *args: Any, **given: Any) -> None:
        dataset = dataset_named(given["dataset"])
        job = selecting.request(dataset, self.recipe(given), background=given["background"])
        if not given["background"]:
            with bar("Choosing tiles", quiet=given["json"]) as report:
                selecting.make_here(job, lambda stage, done, total: report(done, total))
        job.refresh_from_db()
        self.tell(job, quiet=given["json"])

    def recipe(self, given: dict[str, Any]) -> dict[str, Any]:
        """The recipe with what the other options say; n and share replace each other."""
        asked = recipe_given(given["recipe"]) if given["recipe"] else {}
        if given["n"] is not None or given["share"] is not None:
            asked = {name: value for name, value in asked.items() if name not in ("n", "share")}
        changes: dict[str, Any] = {
            name: given[name]
            for name in ("n", "share", "name", "continue_from", "exclude", "min_distance", "seed")
            if given[name] is not None
        }
        if given["duplicates"] is not None:
            changes["duplicates"] = {"distance": given["duplicates"]}
        if given["filter"]:
            changes["filter"] = filters.as_json(filter_given(given["filter"]))
        return {**asked, **changes}

    def tell(self, job: Selection, *, quiet: bool) -> None:
        told = describing.described(job)
        if quiet:
            self.answer({**told, "created_at": str(job.created_at), "finished_at": str(job.finished_at)})
        elif job.status == "ready":
            summarise(job.report, told, self.say)
        else:
            self.say(f"Selection {job.pk} is {job.status}.")


def recipe_given(text: str) -> dict[str, Any]:
    """What `--recipe` says. BadQuery, OSError."""
    written = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
    try:
        found: dict[str, Any] = json.loads(written)
    except json.JSONDecodeError as error:
        raise BadQuery(f"The recipe is not JSON: {error}. Write it as {EXAMPLE}, or give a file with it.") from error
    if not isinstance(found, dict):
        raise BadQuery(f"A recipe is a JSON object, such as {EXAMPLE}.")
    return found


def summarise(report: dict[str, Any], told: dict[str, Any], say: Callable[[str], None]) -> None:
    compared, row = report["compared"], told["collection"]
    name = row["name"] if row else told["name"]
    far, groups = compared["coverage"], compared["clusters"]
    say(
        f"{report['chosen']:,} of {report['allowed']:,} tiles are the collection {name!r} now: "
        f"{WHY[report['stopped_by']]}. {report['removed_duplicates']:,} near-duplicates were left out. "
        f"{report['seconds']:g} s."
    )
    say(
        f"The farthest tile is {far['chosen']['max']:.3f} from a chosen one, {far['random']['max']:.3f} with a random "
        f"choice; {groups['chosen']:.0%} of {groups['count']} groups of similar tiles have one, {groups['random']:.0%} "
        "with a random choice."
    )
    for sentence in dict.fromkeys([*report["approximations"], *report["notes"], *compared["approximations"]]):
        say(sentence)
    say(f"To choose the same again: {told['command']}")
