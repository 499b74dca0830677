"""How many are still missing: tiles of a finished sweep, drawn at random by their scores and labelled blind.

population.py  what is drawn from;  drawing.py: the draw, and the cards;  estimating.py: what the labels say of the rest
"""

from labeling.audits.drawing import FEWEST, MOST, USUAL, cards, draw, existing, of
from labeling.audits.estimating import describe

__all__ = ["FEWEST", "MOST", "USUAL", "cards", "describe", "draw", "existing", "of"]
