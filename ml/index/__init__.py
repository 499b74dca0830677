"""Finding the vectors nearest to one: an index proposes, exact likeness decides.

    arithmetic.py     unit vectors, likeness of chosen rows, the best of many
    exact.py          every vector compared: the truth, and the way of small shards
    projection.py     vectors in their 64 to 128 strongest directions, which the indexes work on
    annoy_trees.py    engine "annoy": a forest of random splits
    faiss_codes.py    engine "faiss": 4-bit codes, scanned as a whole or cell by cell
    ranking.py        who answers a query: an index with an exact second look, or a scan
    tuning.py         how hard an index must look for a target recall, and what it then finds

`python -m ml.index SHARD` builds a shard's index again and measures it, or asks it for the lookalikes of an image.
"""

from ml.index.annoy_trees import AnnoyTrees
from ml.index.faiss_codes import FaissCodes
from ml.index.interface import Progress, VectorIndex, Vectors
from ml.index.ranking import SCAN, TUNED_K, Proposals, Ranking, Settings

__all__ = [
    "DEFAULT",
    "ENGINES",
    "SCAN",
    "TUNED_K",
    "Progress",
    "Proposals",
    "Ranking",
    "Settings",
    "VectorIndex",
    "Vectors",
]

ENGINES: dict[str, type[VectorIndex]] = {AnnoyTrees.engine: AnnoyTrees, FaissCodes.engine: FaissCodes}
DEFAULT = AnnoyTrees.engine
