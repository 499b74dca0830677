"""Films of a region over its dates: MP4 (H.264), animated WebP or GIF, with date, scale and credit.

A film is an Animation row made by the workers (`request`), or made here and now (`animate`).
"""

from search.animating.jobs import folder, make_here, remove, request, sweep
from search.animating.making import Plan, animate, planned
from search.animating.recipe import FORMATS, GUEST, HOLD, MEMBER, OPERATOR, SKIP, Limits, Recipe

__all__ = [
    "FORMATS", "GUEST", "HOLD", "MEMBER", "OPERATOR", "SKIP", "Limits", "Plan", "Recipe",
    "animate", "folder", "make_here", "planned", "remove", "request", "sweep",
]  # fmt: skip
