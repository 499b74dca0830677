"""Extremely randomised trees (Geurts, Ernst and Wehenkel 2006, Machine Learning 63), as plain arrays that need nothing
but NumPy to be asked.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]
TREES, DEEPEST = 100, 16
FEWEST = 10  # labels of each kind, below which trees know nothing
_LEAF = 2  # labels in a leaf, at least
_ROWS = 2048  # rows that are asked about together: their places in all trees stay in the processor's cache
_SURE = 0.99  # a share beyond which no leaf is believed


class Forest(NamedTuple):
    """Nodes of all trees one after another: at node i a row goes on to left[i] where its feature[i] is at most
    threshold[i], else to right[i]; leaves lead to themselves. value: share of positives; roots: each tree's first node.
    """

    feature: Numbers
    threshold: Floats
    left: Numbers
    right: Numbers
    value: Floats
    roots: Numbers

    def logits(self, x: NDArray[np.floating]) -> Floats:
        """(n, d) -> (n,): the log-odds of the trees' mean share."""
        blocks = [self._shares(x[first : first + _ROWS]) for first in range(0, len(x), _ROWS)]
        share = np.clip(np.concatenate([np.empty(0, np.float32), *blocks]), 1 - _SURE, _SURE)
        return np.asarray(np.log(share / (1 - share)), np.float32)

    def _shares(self, x: NDArray[np.floating]) -> Floats:
        flat, width = np.ascontiguousarray(x, np.float32).ravel(), x.shape[1]
        starts = (np.arange(len(x)) * width)[:, None]
        node = np.broadcast_to(self.roots, (len(x), len(self.roots)))  # (n, trees)
        for _ in range(DEEPEST):
            lower = flat[starts + self.feature[node]] <= self.threshold[node]
            node = np.where(lower, self.left[node], self.right[node])
        return np.asarray(self.value[node].mean(axis=1), np.float32)


def grow(x: NDArray[np.floating], targets: Doubles, weights: Doubles, *, seed: int, trees: int = TREES) -> Forest:
    """x: (n, d); targets (n,) in 0..1; weights (n,). A soft label is two hard ones that share its weight."""
    from sklearn.ensemble import ExtraTreesClassifier

    yes, no = weights * targets, weights * (1 - targets)
    rows = np.concatenate([np.flatnonzero(yes), np.flatnonzero(no)])
    hard = np.repeat([1, 0], [np.count_nonzero(yes), np.count_nonzero(no)])
    share = np.concatenate([yes[yes > 0], no[no > 0]])
    model = ExtraTreesClassifier(trees, min_samples_leaf=_LEAF, max_depth=DEEPEST, random_state=seed)
    return joined([one.tree_ for one in model.fit(x[rows], hard, share).estimators_])


def joined(grown: list[Any]) -> Forest:
    """scikit-learn's trees as arrays."""
    first = np.concatenate([[0], np.cumsum([tree.node_count for tree in grown])])
    parts = [_nodes(tree, int(start)) for tree, start in zip(grown, first, strict=False)]
    feature, threshold, left, right, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Forest(feature, threshold, left, right, value, first[:-1].astype(np.int32))


def _nodes(tree: Any, start: int) -> tuple[Numbers, Floats, Numbers, Numbers, Floats]:
    left, right, feature = (
        np.asarray(getattr(tree, name), np.int32) for name in ("children_left", "children_right", "feature")
    )
    leaf, own = left < 0, np.arange(len(left), dtype=np.int32)
    counts = tree.value[:, 0]  # (nodes, 2)
    return (
        np.where(leaf, 0, feature).astype(np.int32),
        np.where(leaf, np.inf, tree.threshold).astype(np.float32),
        (start + np.where(leaf, own, left)).astype(np.int32),
        (start + np.where(leaf, own, right)).astype(np.int32),
        (counts[:, 1] / counts.sum(axis=1)).astype(np.float32),
    )


PREFIX = "trees."


def packed(forest: Forest) -> dict[str, Any]:
    """As a classifier's weights."""
    return {f"{PREFIX}{name}": array for name, array in forest._asdict().items()}


def unpacked(weights: dict[str, Floats]) -> Forest:
    return Forest(*(weights[f"{PREFIX}{name}"] for name in Forest._fields))  # type: ignore[arg-type]
