"""The tiles worth a human's time: chosen by a recipe, as jobs.

asking.py   what may be asked, and what is refused;  making.py: gather, choose, compare, keep
columns.py  what tiles may be weighed and coloured by; vectors.py: a frame's vectors as ml.selection reads them
duplicates.py near-duplicates at a distance;         jobs.py, describing.py: as rows, in words and numbers
"""

from search.selecting.jobs import make_here, request

__all__ = ["make_here", "request"]
