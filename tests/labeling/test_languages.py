"""Spanish and French are whole, and what is compiled is what was translated."""

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "locale"
HOLE = re.compile(r"\{\w+\}|%\(\w+\)s|</?\w+>")


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", ["es", "fr"])
def test_every_sentence_is_translated_with_its_holes(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            assert message.string, message.id
            assert sorted(HOLE.findall(message.string)) == sorted(HOLE.findall(message.id))


@pytest.mark.parametrize("language", ["es", "fr"])
def test_what_is_compiled_is_what_was_translated(language: str) -> None:
    compiled = gettext.translation("django", FOLDER, [language])
    for message in catalogue(language):
        if message.id:
            assert compiled.gettext(message.id) == message.string, "run scripts/words"


def test_nothing_that_guests_read_was_forgotten() -> None:
    """Every word of the templates and scripts that is marked is in the catalogue."""
    marked = re.compile(r'(?:translate|gettext_lazy\(|gettext_noop\(|[^\w]_\()\s*\n?\s*"([^"]+)"')
    known = {message.id for message in catalogue("es")}
    sources = [*Path(settings.BASE_DIR).glob("templates/labeling/*phone*.html"), *Path("labeling/phone").glob("*.py")]
    found = {word for source in sources for word in marked.findall(source.read_text())}
    assert len(found) > 50
    assert found <= known
