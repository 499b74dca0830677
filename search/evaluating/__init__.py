"""How good embeddings are on labels at hand: encoders side by side.

recipe.py      what is asked;                      labels.py: which tiles have which class, where they lie
making.py      as rows, made by workers or here;   encoding.py: vectors of each encoder, and what is said of it
describing.py  in words and numbers;               page.py: /studio/<dataset>/embedding/
"""

from search.evaluating.making import make_here, request

__all__ = ["make_here", "request"]
