"""A campaign whose dataset goes over to another encoder."""

import json
from pathlib import Path

import pytest

from labeling.errors import SweepUnready
from labeling.sweeps import running, starting
from ml.classify import Classifier
from ml.encoders import builtin
from search import building, encoders, reembedding, switching
from search.models import Dataset, Encoder
from tests.factories import build_all, make_map
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(django_db_setup: None) -> Dataset:
    return build_all(make_map("small", levels=(5,)))


@pytest.fixture
def tinted(tmp_path: Path, django_db_setup: None) -> Encoder:
    """Colour statistics by another name: another encoder to all that remembers who made a vector."""
    entry = json.loads((builtin()["colour"] / "encoder.json").read_text())
    (tmp_path / "encoder.json").write_text(json.dumps({**entry, "name": "tinted", "version": "2"}))
    return encoders.register(str(tmp_path))


def change(dataset: Dataset, encoder: Encoder) -> None:
    reembedding.start(dataset, encoder, background=False)
    for shard in switching.of(dataset):
        building.build_here(shard)


def test_the_next_round_learns_anew_and_what_was_learnt_before_scores_nothing(
    dataset: Dataset, tinted: Encoder
) -> None:
    known = truth(dataset)
    campaign = make_learning(dataset, some(known, 10, 10))
    answer(campaign, known)
    old = make_round(campaign)
    change(dataset, tinted)
    campaign.dataset.refresh_from_db()
    sweep, _ = starting.begin(campaign, number=old.number, background=False)
    with pytest.raises(SweepUnready, match="another encoder"):
        running.run_here(sweep.parts.get())
    answer(campaign, known)
    new = make_round(campaign)
    source = Classifier.load(new.path()).sources[0]
    assert (new.status, source["fingerprint"].startswith(tinted.fingerprint)) == ("ready", True)
