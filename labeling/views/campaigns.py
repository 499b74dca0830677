"""A host's pages: the list of campaigns, a new one, and one while it goes on."""

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from labeling import describing, handing, links
from labeling.campaigns import COLOURS, DEFAULT_ANSWERS, ICONS
from labeling.errors import NoSuchLink
from labeling.models import Campaign, ShareLink
from search.models import Dataset
from search.views import user_of

SWITCHES = {
    "show_date": "Show its date", "show_place": "Show its place", "show_map": "Show where it is on a map",
    "show_neighbours": "Show the tiles around it", "show_other_date": "Show the same place on another date",
    "leaderboard": "Show who has answered most",
    "gold_feedback": "Say at once whether an answer on a known tile is right",
    "beyond_settled": "Go on asking about tiles that have their votes",
}  # fmt: skip
DOUBTS = [
    {"name": "suspects", "title": "Likely mistakes", "words": "The classifier, trained without them, disagrees."},
    {"name": "noes", "title": "Noes that look like it", "words": "The classifier would have said yes."},
    {"name": "yeses", "title": "Finds that don't look like it", "words": "The classifier would have said no."},
]  # fmt: skip
FILES = [
    {"name": "tiles.geojson", "words": "GeoJSON, for maps"},
    {"name": "tiles.parquet", "words": "GeoParquet, for analysis"},
    {"name": "tiles.csv", "words": "CSV, for spreadsheets"},
    {"name": "tiles.kml", "words": "KML, for Google Earth"},
    {"name": "coco.json", "words": "COCO, for training"},
    {"name": "tiles.tar", "words": "Images as WebDataset (tar)"},
    {"name": "images.zip", "words": "Images in folders (zip)"},
]
CHUNK = 4 * 2**20  # bytes of one piece of an upload


@require_safe
@login_required
def campaigns(request: HttpRequest) -> HttpResponse:
    mine = Campaign.objects.hosted_by(request.user).select_related("dataset")
    counted = mine.annotate(tiles=Count("cards"), done=Count("cards", filter=Q(cards__settled=True)))
    return render(request, "labeling/campaigns.html", {"campaigns": counted})


@require_safe
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """?dataset= where the tiles are from; which tiles, the map's page has left in the browser, or the address says:
    ?collection=<id>, or ?dataset= and ?filter=<JSON>."""
    user = user_of(request)
    datasets = list(Dataset.objects.visible_to(user))
    config = {
        "datasets": [{"slug": d.slug, "name": d.name, "kind": d.kind} for d in datasets],
        "dataset": request.GET.get("dataset", ""), "answers": DEFAULT_ANSWERS, "colours": COLOURS, "icons": ICONS,
        "chunk": min(CHUNK, settings.UPLOAD_LIMIT), **handing.handed(user, request.GET),
    }  # fmt: skip
    return render(request, "labeling/new.html", {"config": config, "datasets": datasets})


@require_safe
@login_required
def host(request: HttpRequest, number: int) -> HttpResponse:
    campaign = Campaign.hosted(user_of(request), number)
    described = describing.full(campaign)
    switches = [{"name": name, "on": described[name], "words": words} for name, words in SWITCHES.items()]
    reproject = campaign.dataset.kind == Dataset.Kind.MAP and campaign.dataset.grid.epsg not in (4326, 3857)
    context = {
        "campaign": campaign, "config": {"campaign": described}, "switches": switches, "reproject": reproject,
        "doubts": DOUBTS, "files": FILES,
    }  # fmt: skip
    return render(request, "labeling/campaign.html", context)


@require_POST
@login_required
def qr(request: HttpRequest, number: int) -> HttpResponse:
    """The QR code of one of the campaign's links, as SVG. The browser says the token: the site has only a digest."""
    campaign = Campaign.hosted(user_of(request), number)
    token = request.POST.get("token", "")
    if ShareLink.of_token(token).campaign_id != campaign.pk:
        raise NoSuchLink
    code = segno.make(request.build_absolute_uri(links.address(token)), error="m")
    picture = code.svg_inline(scale=8, border=4, dark="#000000", light="#ffffff", omitsize=True)
    return HttpResponse(picture, "image/svg+xml", headers={"Cache-Control": "no-store"})
