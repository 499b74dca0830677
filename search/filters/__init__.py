"""Some of a dataset's tiles, said in one JSON everywhere: search, API, commands, views, selections, campaigns.

`read` and `as_json` turn it into a Filter and back; `compiled` makes it ready for a dataset; docs/filters.md shows it.
Labels and scores belong to labeling, which `register`s who knows them.
"""

from search.filters.asked import Filter, Labels, Scores
from search.filters.compiling import Compiled, KeyTest, Person, compiled, contained, matching, reaching, register
from search.filters.reading import FIELDS, as_json, read

__all__ = [
    "FIELDS", "Compiled", "Filter", "KeyTest", "Labels", "Person", "Scores", "as_json", "compiled", "contained",
    "matching", "reaching", "read", "register",
]  # fmt: skip
