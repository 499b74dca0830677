"""Maps of embeddings: two numbers a tile.

pca.py        at once, with clusters;             cache.py: arrays made of a frame, kept on disk
umapping.py   in the background;                  options.py: what it may be told
making.py     as rows, made by workers or here;   describing.py: in words and numbers
"""

from search.layouts.making import make_here, request

__all__ = ["make_here", "request"]
