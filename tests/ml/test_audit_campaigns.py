"""Whole campaigns, simulated, and what their audits say: the bar is 17 of 20."""

import numpy as np
import pytest

from ml.active import Settings
from ml.shards import Shard
from tests.bench.audits import Campaign, run
from tests.ml.learning import DIM, make_tiles
from tests.ml.making import make_metrics, make_writer

N = 4000


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory: pytest.TempPathFactory) -> list[Campaign]:
    """20 campaigns of 150 labels over an archive with one positive in 30, with an audit of 200 tiles each."""
    folder = tmp_path_factory.mktemp("archive")
    vectors, targets = make_tiles(N, seed=11, rare=1.9)
    with make_writer(folder / "work", N, keys=np.arange(N), dim=DIM) as writer:
        writer.append(vectors, make_metrics(N))
        writer.finish(folder / "shard", meta={"encoder": "test"})
    shard = Shard.open(folder / "shard")
    positives = shard.keys[targets > 0.5]
    settings = Settings(batch=50, neighbours=20)
    return [run(shard, positives, labels=150, tiles=200, seed=seed, settings=settings) for seed in range(20)]


@pytest.mark.parametrize("name", ["recall", "precision", "total", "missing"])
def test_the_interval_holds_the_truth_in_17_of_20_campaigns(name: str, campaigns: list[Campaign]) -> None:
    assert sum(one.held[name] for one in campaigns) >= 17


def test_the_intervals_are_worth_having(campaigns: list[Campaign]) -> None:
    assert np.median([one.said.recall[2] - one.said.recall[1] for one in campaigns]) < 0.6
    assert 0.2 < np.median([one.true.recall[0] for one in campaigns]) < 0.98
