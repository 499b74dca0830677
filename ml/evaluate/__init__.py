"""How good an encoder is on labelled tiles: `python -m ml.evaluate`; the measures are functions of arrays."""

from ml.evaluate.labelled import Labelled
from ml.evaluate.measuring import Report, evaluate, measure

__all__ = ["Labelled", "Report", "evaluate", "measure"]
