"""The tiles worth a human's time: `select` chooses them by a recipe. docs/selection.md

recipe.py      Recipe: what is asked; asking.py reads its fields
candidates.py  thresholds and near-duplicates first (columns.py, duplicates.py)
products.py    the objectives as one product: factors.py, neighbours.py (fixed), spreading.py, covering.py (shrinking),
               balance.py, classes.py
greedy.py      the one greedy order over it
comparing.py   the chosen beside the whole
"""

from ml.selection.comparing import compare
from ml.selection.duplicates import Curve, Pairs, duplicate_curve, groups, near_duplicates
from ml.selection.recipe import Recipe
from ml.selection.selecting import Selection, select
from ml.selection.vectors import Vectors

__all__ = [
    "Curve",
    "Pairs",
    "Recipe",
    "Selection",
    "Vectors",
    "compare",
    "duplicate_curve",
    "groups",
    "near_duplicates",
    "select",
]
