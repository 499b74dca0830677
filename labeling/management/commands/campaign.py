"""manage.py campaign"""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from labeling import campaigns, describing, exporting, links, rounds
from labeling.management.console import CampaignCommand, numbered
from labeling.models import Campaign, Learner
from labeling.rounds import describing as learning
from labeling.rounds.learners import SOURCES
from search import collecting, filters
from search.api.views import scene_asked
from search.management.console import dataset_named, filter_given

EXPORTS = {
    "votes.csv": exporting.votes_csv, "labels.csv": exporting.labels_csv, "labels.geojson": exporting.labels_geojson,
}  # fmt: skip


class Command(CampaignCommand):
    help = (
        "Campaigns: make one, put tiles into it, share it, let it learn, watch it, pause it, save its labels. "
        'Example: manage.py campaign create blue-marble "Is there an island?"'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        shared = ArgumentParser(add_help=False)
        shared.add_argument("--json", action="store_true", help="answer for scripts")
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", parents=[shared], help="make a campaign")
        create.add_argument("dataset", help="its short name")
        create.add_argument("question")
        create.add_argument("--explanation", default="", help="shown before the first tile")
        create.add_argument("--answers", nargs="+", help="words on the buttons (default: yes, no, not sure, bad)")
        create.add_argument("--votes", type=int, default=3, help="wanted on each tile (default 3)")
        create.add_argument("--owner", help="user name of who hosts it")
        add = verbs.add_parser("add", parents=[shared], help="put tiles into a campaign")
        add.add_argument("campaign", type=int, help="its number")
        tiles = add.add_mutually_exclusive_group(required=True)
        tiles.add_argument("--key", nargs="+", type=int, help="tile keys")
        tiles.add_argument("--keys-from", type=Path, help="a text file with one tile key a line")
        tiles.add_argument("--bbox", nargs=4, type=float, metavar=("W", "S", "E", "N"), help="all tiles of an area")
        tiles.add_argument("--filter", metavar="FILE|JSON", help="all tiles that a filter keeps (docs/filters.md)")
        tiles.add_argument("--collection", metavar="NAME", help="all tiles of a collection")
        tiles.add_argument("--all", action="store_true", help="all pictures of a gallery")
        add.add_argument("--level", type=int, help="with --bbox: size of the tiles")
        add.add_argument("--product", default="", help="with --bbox: which layer (default: the first)")
        add.add_argument("--date", default="", help="with --bbox: YYYY-MM-DD (default: the latest)")
        link = verbs.add_parser("link", parents=[shared], help="make a link that lets anyone label")
        link.add_argument("campaign", type=int, help="its number")
        link.add_argument("--name", default="", help="whom it is for")
        link.add_argument("--passphrase", default="", help="asked of whoever opens it")
        link.add_argument("--most-people", type=int, help="how many may join")
        link.add_argument("--hours", type=float, help="how long it works (default: until it is revoked)")
        progress = verbs.add_parser("progress", parents=[shared], help="how far it is")
        progress.add_argument("campaign", type=int, help="its number")
        state = verbs.add_parser("state", parents=[shared], help="open, pause or close it")
        state.add_argument("campaign", type=int, help="its number")
        state.add_argument("state", choices=Campaign.State.values)
        learn = verbs.add_parser("learn", parents=[shared], help="how it learns: turn rounds on or off, and settings")
        learn.add_argument("campaign", type=int, help="its number")
        learn.add_argument("switch", nargs="?", choices=["on", "off"], help="whether rounds begin by themselves")
        learn.add_argument("--every", type=int, help="new labels that begin a round")
        learn.add_argument("--batch", type=int, help="tiles that a round asks about")
        learn.add_argument("--pool", type=int, help="tiles that a round scores at most")
        learn.add_argument("--neighbours", type=int, help="that one tile brings in")
        learn.add_argument("--head", choices=Learner.Head.values, help="kind of classifier")
        learn.add_argument("--levels", nargs="+", type=int, help="sizes of tiles it looks at")
        learn.add_argument("--products", nargs="+", help="layers it looks at")
        learn.add_argument("--filter", metavar="FILE|JSON", help="which tiles it looks at, instead of what was said")
        learn.add_argument("--sources", nargs="*", choices=SOURCES, help="what describes a tile besides itself")
        export = verbs.add_parser("export", parents=[shared], help="save its votes or labels")
        export.add_argument("campaign", type=int, help="its number")
        export.add_argument("what", choices=list(EXPORTS))
        export.add_argument("--output", type=Path, help="a file (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["verb"])(options)

    def create(self, options: dict[str, Any]) -> None:
        answers = [{"word": word} for word in options["answers"]] if options["answers"] else None
        chosen = {"explanation": options["explanation"], "votes_wanted": options["votes"]}
        dataset = dataset_named(options["dataset"])
        made = campaigns.create(owner_named(options["owner"]), dataset, options["question"], answers, **chosen)
        self.tell(options, {"id": made.pk}, f"Campaign {made.pk} is made. Put tiles into it: campaign add {made.pk} …")

    def add(self, options: dict[str, Any]) -> None:
        campaign = numbered(options["campaign"])
        added, tiles = self.put(campaign, options), campaign.cards.count()
        self.tell(options, {"added": added, "tiles": tiles}, f"{added:,} tiles are new; it has {tiles:,}.")

    def put(self, campaign: Campaign, options: dict[str, Any]) -> int:
        if options["all"]:
            return campaigns.add_pictures(campaign)
        if options["filter"] is not None:
            return campaigns.add_filtered(campaign, filter_given(options["filter"]), None)
        if options["collection"] is not None:
            chosen = collecting.named(campaign.dataset, options["collection"])
            return campaigns.add_collection(campaign, chosen)
        if options["bbox"]:
            if options["level"] is None:
                raise CommandError("--bbox needs --level: how large are the tiles?", returncode=2)
            scene = scene_asked(campaign.dataset, options["product"], options["date"])
            return campaigns.add_area(campaign, scene, options["level"], tuple(options["bbox"]))
        return campaigns.add_keys(campaign, options["key"] or keys_in(options["keys_from"]), why="command")

    def link(self, options: dict[str, Any]) -> None:
        ends = timezone.now() + timedelta(hours=options["hours"]) if options["hours"] is not None else None
        made, token = links.make(
            numbered(options["campaign"]), name=options["name"], passphrase=options["passphrase"],
            most_people=options["most_people"], expires_at=ends,
        )  # fmt: skip
        address = links.address(token)
        said = f"{address}\nPut the site's address before it. Keep it: it is told only this once."
        self.tell(options, {"id": made.pk, "token": token, "address": address}, said)

    def progress(self, options: dict[str, Any]) -> None:
        now = describing.progress(numbered(options["campaign"]))
        counts = ", ".join(f"{answer['code']} {answer['labels']:,}" for answer in now["answers"])
        said = (
            f"{now['state']}: {now['settled']:,} of {now['tiles']:,} tiles settled, {now['disputed']:,} disputed, "
            f"{now['votes']:,} votes of {now['people']:,} people. Labels: {counts}."
        )
        self.tell(options, now, said)

    def state(self, options: dict[str, Any]) -> None:
        campaign = campaigns.set_state(numbered(options["campaign"]), options["state"])
        self.tell(options, {"id": campaign.pk, "state": campaign.state}, f"Campaign {campaign.pk}: {campaign.state}.")

    def learn(self, options: dict[str, Any]) -> None:
        campaign = numbered(options["campaign"])
        names = ("every", "batch", "pool", "neighbours", "head", "sources")
        given: dict[str, Any] = {name: options[name] for name in names if options[name] is not None}
        scope = {name: options[name] for name in ("levels", "products") if options[name] is not None}
        if options["filter"] is not None:
            given["scope"] = filters.as_json(filter_given(options["filter"]))
        if options["switch"]:
            given["on"] = options["switch"] == "on"
        if scope:
            given["scope"] = {**given.get("scope", Learner.of(campaign).scope), **scope}
        if given:
            rounds.change(campaign, given)
        now = learning.learning(campaign)
        said = (
            f"Learning is {'on' if now['settings']['on'] else 'off'}: a round every {now['settings']['every']:,} "
            f"labels, {now['settings']['batch']:,} tiles each. {now['labels']['positive']:,} yes and "
            f"{now['labels']['negative']:,} no labels, {len(now['rounds']):,} rounds. {now['advice']['text']}"
        )
        self.tell(options, now, said)

    def export(self, options: dict[str, Any]) -> None:
        lines = EXPORTS[options["what"]](numbered(options["campaign"]))
        if options["output"] is None:
            self.stdout.writelines(lines)
            return
        with options["output"].open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        self.tell(options, {"file": str(options["output"])}, f"Saved as {options['output']}.")

    def tell(self, options: dict[str, Any], value: dict[str, Any], sentence: str) -> None:
        self.stdout.write(DjangoJSONEncoder(indent=2).encode(value) if options["json"] else sentence)


def owner_named(name: str | None) -> User | None:
    if name is None:
        return None
    found = User.objects.filter(username=name).first()
    if found is None:
        raise CommandError(f"There is no user {name!r}: make one in the back office first.")
    return found


def keys_in(path: Path) -> list[int]:
    try:
        return [int(line) for line in path.read_text().split()]
    except ValueError as error:
        raise CommandError(f"{path} must have one tile key, a whole number, on each line.") from error
