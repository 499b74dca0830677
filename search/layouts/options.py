"""What a map of embeddings may be told, and what is refused."""

from collections.abc import Mapping
from typing import Any

from search.errors import BadLayout
from search.models import Layout

NEIGHBOURS = (2, 200)
DEFAULTS: dict[str, dict[str, Any]] = {
    Layout.Method.PCA: {},
    Layout.Method.UMAP: {"neighbours": 15, "min_dist": 0.1, "seed": 0},
}


def read(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All options, those left out as they usually are; BadLayout for what cannot be."""
    if method not in DEFAULTS:
        raise BadLayout(f"There is no map of the kind {method[:40]!r}: use {' or '.join(DEFAULTS)}.")
    unknown = set(given) - set(DEFAULTS[method])
    if unknown:
        known = ", ".join(DEFAULTS[method]) or "none"
        raise BadLayout(f"Unknown option {', '.join(sorted(map(str, unknown)))[:80]}. Those of {method} are: {known}.")
    options = {**DEFAULTS[method], **given}
    if method == Layout.Method.UMAP:
        check_umap(options)
    return options


def check_umap(options: Mapping[str, Any]) -> None:
    if not whole(options["neighbours"]) or not NEIGHBOURS[0] <= options["neighbours"] <= NEIGHBOURS[1]:
        raise BadLayout(
            f"neighbours is {options['neighbours']!r}: give a whole number from {NEIGHBOURS[0]} to {NEIGHBOURS[1]}. "
            "Few show small groups, many the large picture."
        )
    distance = options["min_dist"]
    if isinstance(distance, bool) or not isinstance(distance, int | float) or not 0 <= distance <= 0.99:
        raise BadLayout(f"min_dist is {distance!r}: give a number from 0 (tight groups) to 0.99 (spread out).")
    if not whole(options["seed"]) or not 0 <= options["seed"] < 2**32:
        raise BadLayout(f"seed is {options['seed']!r}: give a whole number from 0 to {2**32 - 1}.")


def whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
