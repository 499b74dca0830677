"""What can be asked of a dataset."""

from dataclasses import dataclass, replace
from typing import Self

from search.errors import BadQuery
from search.filters import Filter

MOST_RESULTS = 1000
MOST_EXAMPLES = 100
SPREAD_TILES = 1.5  # results closer than this many tile widths are neighbours
DUPLICATE = 0.995  # cosine likeness from which two tiles count as near-identical


@dataclass(frozen=True)
class Query(Filter):
    """A filter (search/filters), and what the tiles that pass it are compared with.

    positives, negatives: tile keys.  pictures: tokens of uploaded pictures.  vectors: further (dim,) examples.

    spread: leave out neighbours of a better result, the same place on other dates included.
    exact: rank every tile instead of asking the indexes, so that anyone can compare.
    merge_places: of nested squares of one scene (a place found at several levels) only the best is a result, and the
    others are listed with it; see `thinning.merged_places`.
    """

    positives: tuple[int, ...] = ()
    negatives: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()
    text: str = ""
    k: int = 50
    min_score: float = -1.0
    exclude_duplicates: bool = False
    spread: bool = False
    exclude_query: bool = True
    exact: bool = False
    merge_places: bool = False

    def checked(self) -> Self:
        """The same query, or BadQuery with what to change."""
        if not 1 <= self.k <= MOST_RESULTS:
            raise BadQuery(f"k is {self.k}; ask for 1 to {MOST_RESULTS} results.")
        if not (self.positives or self.pictures or self.text.strip()):
            raise BadQuery("Nothing to look for: give at least one positive tile, a picture or a text.")
        if len(self.positives) + len(self.negatives) + len(self.pictures) > MOST_EXAMPLES:
            raise BadQuery(f"Too many examples: at most {MOST_EXAMPLES} tiles and pictures together.")
        if set(self.positives) & set(self.negatives):
            raise BadQuery("A tile is both a positive and a negative example: remove it from one side.")
        super().checked()
        return replace(self, text=self.text.strip())
