"""Ways to choose what to label next. Each answers the tiles in the order in which it asks, the clicked one first."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import active
from ml.active import Settings, ShardArchive
from ml.classify import Config

BATCH = 50
MIX = {"likely": 0.5, "unsure": 0.3, "diverse": 0.1, "random": 0.1}  # what campaigns begin with
Keys = NDArray[np.int64]
Flags = NDArray[np.bool_]
HEAD = Config(head="trees", whiten=False, alike=True, calibrated=False)
OURS = Settings(batch=BATCH, mix={"likely": 1.0}, head=HEAD)
UNSURE = Settings(batch=BATCH, mix={"unsure": 1.0}, neighbours=0, patience=10**6, head=HEAD)


class Campaign:
    """found: (tiles,) the truth; enough: (labels so far) -> whether to stop."""

    def __init__(self, archive: ShardArchive, search: ShardArchive, truth: Flags, most: int, seed: int) -> None:
        self.archive, self.search, self.truth = archive, search, truth
        self.keys = archive.shards[0].keys
        self.rng = np.random.default_rng(seed)
        self.clicked = int(self.rng.choice(self.keys[truth]))
        self.most = most

    def random(self) -> Keys:
        return np.concatenate([[self.clicked], self.rng.permutation(self.keys[self.keys != self.clicked])])

    def similar(self) -> Keys:
        """Down the site's own list: what the default encoder finds like the clicked one."""
        return self.keys[np.argsort(-self.search.likeness(self.clicked, self.keys), kind="stable")]

    def rounds(self, settings: Settings) -> Keys:
        rows = active.simulate(
            self.archive, self.keys, lambda some: self.truth[some - 1], [self.clicked], settings,
            positives=int(self.truth.sum()), rng=self.rng, until=active.Until(labels=self.most),
        )  # fmt: skip
        return np.concatenate([[self.clicked], *(row.keys for row in rows)])

    def library(self, strategy: Callable[[int], Any]) -> Keys:
        """scikit-activeml: its strategy, its loop, its wrapper around logistic regression; the same features, batch and
        first batch as ours."""
        from skactiveml.classifier import SklearnClassifier
        from skactiveml.utils import MISSING_LABEL
        from sklearn.linear_model import LogisticRegression

        x = self.archive.features(self.keys)
        x = (x - x.mean(axis=0)) / x.std()  # all alike, as our head has them
        first = active.begin(self.archive, self.keys, [self.clicked], OURS, rng=self.rng)
        asked = [self.clicked, *(choice.key for choice in first)]
        y = np.full(len(x), MISSING_LABEL)
        query = strategy(int(self.rng.integers(2**31)))
        while len(asked) < self.most:
            rows = np.array(asked) - 1
            y[rows] = self.truth[rows]
            model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300)
            head = SklearnClassifier(model, classes=[0, 1], random_state=0)
            new = query.query(X=x, y=y, **_wanted(query, head.fit(x[rows], y[rows])), batch_size=BATCH)
            asked += (np.asarray(new) + 1).tolist()
        return np.array(asked[: self.most], np.int64)


def _wanted(query: Any, head: Any) -> dict[str, Any]:
    import inspect

    taken = inspect.signature(query.query).parameters
    given = {"clf": head, "fit_clf": False, "discriminator": head}
    return {name: value for name, value in given.items() if name in taken}
