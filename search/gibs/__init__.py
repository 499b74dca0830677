"""NASA GIBS and servers like it: finding layers, saying what a download would be, and downloading.

For forms and the API: `find_layers`, `estimate`, `fetch_one`. The import itself is search/imports/gibs.py.
"""

from typing import Any

from search.gibs import capabilities, layers, planning
from search.gibs.fetching import fetch_one
from search.gibs.layers import Layer
from search.gibs.planning import Plan

__all__ = ["Layer", "Plan", "estimate", "fetch_one", "find_layers"]


def find_layers(words: str = "", epsg: int = 4326) -> list[Layer]:
    """The layers whose id or title has every word, best first; all of them for no words, none when nothing fits.

    `Layer.describe()` is fit for JSON: id, title, format, deepest level, from, to, subdaily, colormap. The first call
    of a day asks the server. Raises Unreachable, or BadQuery for another projection.
    """
    return layers.find(capabilities.all_layers(epsg), words)


def estimate(recipe: dict[str, Any]) -> Plan:
    """What an import of this recipe (search/gibs/planning.py) would download; nothing is downloaded.

    `Plan.describe()` is fit for JSON; `Plan.sentence()` for people; len() is the number of tiles. Raises BadQuery,
    NoSuchLayer, TooManyTiles and Unreachable, each with a sentence.
    """
    return planning.plan(recipe)
