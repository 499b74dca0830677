"""What guests read, in their language: the scripts' words too, which get them with the page."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from labeling.errors import BadNickname, LabelingError, LinkFull, NoSuchLink, TooManyTries, WrongPassphrase
from labeling.models import Answer
from labeling.people import LONGEST

USUAL = {  # the answers that every campaign has unless its host writes others
    "yes": gettext_noop("Yes"), "no": gettext_noop("No"), "unsure": gettext_noop("Not sure"),
    "bad": gettext_noop("Bad imagery"),
}  # fmt: skip
ERRORS: dict[type[LabelingError], Any] = {
    NoSuchLink: gettext_lazy("This link does not work, or no longer. Ask whoever sent it to you for a new one."),
    LinkFull: gettext_lazy("As many people as were invited are here already. Ask whoever sent you the link."),
    WrongPassphrase: gettext_lazy("This is not the passphrase. Ask whoever sent you the link."),
    TooManyTries: gettext_lazy("Too many attempts from here. Wait ten minutes, then open the link again."),
    BadNickname: format_lazy(
        gettext_lazy("Choose a nickname of 1 to {most} letters, digits and spaces, without <, > or &."), most=LONGEST
    ),
}


def of(error: LabelingError) -> str:
    return str(ERRORS[type(error)]) if type(error) in ERRORS else str(error)


def answer(answer: Answer) -> dict[str, str]:
    """As the page's buttons show it. The usual words are translated, a host's own are left alone."""
    word = _(answer.word) if USUAL.get(answer.code) == answer.word else answer.word
    return {"code": answer.code, "word": word, "icon": answer.icon, "colour": answer.colour}


def of_page() -> dict[str, str]:
    """{name} is filled in by the script."""
    return {
        "answered": _("{answer}. Next tile."),
        "undone": _("Taken back: {answer}. The tile is here again."),
        "nothing_to_undo": _("There is nothing to take back."),
        "waiting_one": _("1 answer waits to be sent"),
        "waiting_many": _("{count} answers wait to be sent"),
        "offline": _("No connection. Go on: nothing is lost."),
        "online": _("Connected"),
        "not_stored": _("This device cannot keep answers for later. Stay connected while you answer."),
        "refused": _("An answer was not taken: {message}"),
        "right": _("Right! The answer was known: {answer}."),
        "wrong": _("The answer was known to be: {answer}."),
        "tile": _("Tile to answer"),
        "tile_of": _("Tile of {date}"),
        "tile_at": _("Tile at {place}"),
        "tile_of_at": _("Tile of {date} at {place}"),
        "loading": _("Fetching tiles …"),
        "image_failed": _("This picture did not come. Answer what you can, or wait for a connection."),
        "all_done": _("Nothing to do just now"),
        "all_done_text": _("Every tile that needs you has your answer. New ones appear here by themselves."),
        "out_of_cards": _("No more tiles on this phone"),
        "out_of_cards_text": _("New ones come as soon as there is a connection. Your answers are kept until then."),
        "paused": _("A short break"),
        "paused_text": _("The host has paused this. It goes on here by itself."),
        "closed": _("This has ended"),
        "closed_text": _("Thank you! You answered {count} tiles."),
        "excluded": _("Thank you"),
        "excluded_text": _("The host does not need more answers from here."),
        "revoked": _("This link has ended"),
        "revoked_text": _("It works no longer. Ask whoever sent it to you for a new one. What you answered is kept."),
        "again": _("Join again"),
        "again_text": _("This phone is not known any more. Load the page and write your name again."),
        "broken": _("Something went wrong"),
        "broken_text": _("Load the page again. Your answers are kept on this phone."),
        "a_minute": _("{count} a minute"),
        "you": _("you"),
    }
