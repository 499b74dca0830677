"""/l/<token>/: joining by nickname, the page of cards, and the pictures of them. Nothing else is within reach."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import BaseThrottle

from labeling.errors import BadNickname, LabelingError, LinkFull, NoSuchLink, TooManyTries, WrongPassphrase
from labeling.models import Campaign, Card, Person, ShareLink
from labeling.people import join, known
from labeling.phone import guard, pictures, showing, words
from labeling.phone.languages import YEAR, translated
from search import keys
from search.models import Scene

DAY = 24 * 3600
ARROWS = "→←↓↑"  # ways in which the first four answers are swiped
STATUSES = {
    NoSuchLink: HTTPStatus.NOT_FOUND, TooManyTries: HTTPStatus.TOO_MANY_REQUESTS, LinkFull: HTTPStatus.CONFLICT,
    WrongPassphrase: HTTPStatus.FORBIDDEN, BadNickname: HTTPStatus.BAD_REQUEST,
}  # fmt: skip


def address_of(request: HttpRequest) -> str:
    """Whose it is, behind a proxy too (REST_FRAMEWORK's NUM_PROXIES)."""
    return BaseThrottle().get_ident(request)  # type: ignore[arg-type]


def opened(request: HttpRequest, token: str) -> ShareLink:
    """NoSuchLink; TooManyTries for an address that has guessed before."""
    address = address_of(request)
    guard.check("link", address, guard.WRONG_LINKS)
    try:
        return ShareLink.of_token(token)
    except NoSuchLink:
        guard.note("link", address)
        raise


def private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The address is the permission: it must not travel on, nor be found by search engines."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "same-origin"  # without any, forms would come from nowhere: CSRF
        response["X-Robots-Tag"] = "noindex, nofollow"
        response.setdefault("Cache-Control", "private, no-cache")
        return response

    return kept


@require_http_methods(["GET", "HEAD", "POST"])
@private
@translated
@ensure_csrf_cookie
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The cards for whoever has joined; for others the form that asks their name."""
    try:
        link = opened(request, token)
    except (NoSuchLink, TooManyTries) as error:
        return refused(request, error)
    person = known(link, request.COOKIES.get(link.cookie, ""))
    if request.method == "POST":
        return joined(request, link, token)
    return cards_page(request, link, person) if person else join_page(request, link)


def refused(request: HttpRequest, error: LabelingError) -> HttpResponse:
    return render(request, "labeling/phone_refused.html", {"message": words.of(error)}, status=STATUSES[type(error)])


def join_page(request: HttpRequest, link: ShareLink, error: LabelingError | None = None) -> HttpResponse:
    context = {
        "campaign": link.campaign, "link": link, "problem": words.of(error) if error else "", "given": request.POST,
        "problem_with": "passphrase" if isinstance(error, WrongPassphrase) else "nickname",
    }  # fmt: skip
    return render(
        request, "labeling/phone_join.html", context, status=STATUSES[type(error)] if error else HTTPStatus.OK
    )


def joined(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    address = address_of(request)
    try:
        guard.check("join", address, guard.JOINS)
        guard.check("passphrase", address, guard.WRONG_PASSPHRASES)
        _person, secret = join(link, request.POST.get("nickname", ""), request.POST.get("passphrase", ""))
    except NoSuchLink as error:
        return refused(request, error)
    except LabelingError as error:
        if isinstance(error, WrongPassphrase):
            guard.note("passphrase", address)
        return join_page(request, link, error)
    guard.note("join", address)
    response = redirect("phone", token=token)
    response.set_cookie(link.cookie, secret, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure())
    return response


def cards_page(request: HttpRequest, link: ShareLink, person: Person) -> HttpResponse:
    campaign = Campaign.objects.select_related("dataset").get(pk=link.campaign_id)
    answers = [words.answer(answer) for answer in campaign.answers.all()]
    config = {
        "me": {"id": person.pk, "nickname": person.nickname, "votes": person.votes},
        "question": campaign.question, "state": campaign.state, "answers": answers, "words": words.of_page(),
        "leaderboard": campaign.leaderboard, "key": link.digest[:12],
    }  # fmt: skip
    examples = campaign.examples.select_related("answer")
    said = {answer["code"]: answer for answer in answers}
    context = {
        "campaign": campaign, "person": person, "answers": answers, "buttons": buttons(answers), "config": config,
        "examples": [{"example": example, "answer": said[example.answer.code]} for example in examples],
    }  # fmt: skip
    return render(request, "labeling/phone.html", context)


def buttons(answers: list[dict[str, str]]) -> list[dict[str, object]]:
    """In the order in which they stand: what is swiped left is on the left, what is swiped right on the right."""
    numbered = [
        {**answer, "way": way, "key": way + 1, "arrow": ARROWS[way : way + 1]} for way, answer in enumerate(answers)
    ]
    return [*numbered[1:4], numbered[0], *numbered[4:]]


def guest_of(request: HttpRequest, token: str) -> Person:
    """Http404 for everybody else, whatever it is that they lack."""
    try:
        link = opened(request, token)
    except LabelingError as error:
        raise Http404(str(error)) from error
    person = known(link, request.COOKIES.get(link.cookie, ""))
    if person is None:
        raise Http404(str(NoSuchLink()))
    return person


@require_safe
@private
def card_picture(request: HttpRequest, token: str, number: int, kind: str = "tile") -> HttpResponse:
    """?size= of the tile itself: 256, 512 (usual), 768 or 1024 pixels."""
    campaign = guest_of(request, token).campaign
    card = Card.objects.filter(pk=number, campaign=campaign).first()
    if card is None:
        raise Http404(_("There is no such tile in this campaign."))
    return picture(request, campaign, card.address, kind)


@require_safe
@private
def example_picture(request: HttpRequest, token: str, number: int) -> HttpResponse:
    campaign = guest_of(request, token).campaign
    example = campaign.examples.filter(pk=number).first()
    if example is None:
        raise Http404(_("There is no such tile in this campaign."))
    return picture(request, campaign, example.address, "tile")


def picture(request: HttpRequest, campaign: Campaign, address: keys.TileAddress, kind: str) -> HttpResponse:
    scene = scene_of(campaign, address, kind)
    size = request.GET.get("size", "512")
    if size not in map(str, pictures.SIZES):
        raise Http404(f"size is one of {', '.join(map(str, pictures.SIZES))}.")
    etag = f'"{scene.version}-{address.pack()}-{kind}-{size}"'
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(drawn(scene, address, kind, int(size)), "image/webp")
    response["ETag"], response["Cache-Control"] = etag, f"private, max-age={DAY}"
    return response


def drawn(scene: Scene, address: keys.TileAddress, kind: str, size: int) -> bytes:
    if kind == "around":
        return pictures.around(scene, address)
    if kind == "map":
        return pictures.overview(scene, address)
    return pictures.tile(scene, address, size)


def scene_of(campaign: Campaign, address: keys.TileAddress, kind: str) -> Scene:
    """Http404 for what the host does not show."""
    allowed = {
        "tile": True, "around": campaign.show_neighbours, "map": campaign.show_map, "other": campaign.show_other_date,
    }  # fmt: skip
    mine = Scene.objects.select_related("product__dataset").filter(product__dataset=campaign.dataset_id)
    if not allowed[kind]:
        scene = None
    elif kind == "other":
        scene = showing.other_scene(campaign.dataset, address)
    else:
        scene = mine.filter(product__number=address.product, day=address.day).first()
    if scene is None:
        raise Http404(_("There is no such picture."))
    return scene
