"""Labels and scores as columns of the studio and of selections."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling.models import Campaign, Sweep
from search import frames, selecting
from search.errors import BadQuery
from search.selecting import columns, making
from tests.campaigns import make_campaign
from tests.sweeping import make_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world, frame) -> Campaign:
    return make_campaign(world, frame.keys[:6].tolist(), owner=User.objects.create_user("host"))


@pytest.fixture
def sweep(campaign) -> Sweep:
    return make_sweep(campaign, lambda packed: (packed * 2654435761 % 9973 / 9973).astype(np.float32))


@pytest.fixture
def frame(world):
    return frames.opened(world)


def test_labels_are_a_column(campaign, frame):
    card, answer = campaign.cards.order_by("key")[2], campaign.answers.first()
    campaign.cards.filter(pk=card.pk).update(label=answer)
    codes, texts = columns.values(frame, f"@label:{campaign.pk}", campaign.owner)
    found = np.flatnonzero(codes >= 0)
    assert (frame.keys[found].tolist(), [texts[code] for code in codes[found]]) == ([card.key], [answer.word])


def test_scores_and_how_unsure_they_are(sweep, campaign, frame):
    scores = columns.values(frame, f"@score:{campaign.pk}/{sweep.number}", campaign.owner)
    assert scores == pytest.approx((frame.keys * 2654435761 % 9973 / 9973).astype(np.float32), abs=1e-3)
    unsure = columns.values(frame, f"@uncertainty:{campaign.pk}/{sweep.number}", campaign.owner)
    assert abs(float(scores[unsure.argmax()]) - 0.5) < 0.01


def test_tiles_are_chosen_where_the_classifier_is_unsure(sweep, campaign, world, frame):
    column = f"@uncertainty:{campaign.pk}/{sweep.number}"
    recipe = {"n": 20, "objectives": [{"kind": "weight", "column": column}]}
    job = selecting.request(world, recipe, campaign.owner, background=False)
    assert selecting.make_here(job)
    assert columns.values(frame, column, campaign.owner)[making.order(job, frame)].min() > 0.9


def test_the_host_is_offered_them(sweep, campaign, frame):
    names = {one.name for one in columns.columns_of(frame, campaign.owner)}
    ours = {f"@label:{campaign.pk}", f"@score:{campaign.pk}/1", f"@uncertainty:{campaign.pk}/1"}
    assert ours <= names
    assert not ours & {one.name for one in columns.columns_of(frame, User.objects.create_user("other"))}


@pytest.mark.parametrize("name", ["@label:{}", "@score:{}/1", "@uncertainty:{}/1"])
def test_others_are_told_that_there_is_none(sweep, campaign, frame, name):
    with pytest.raises(BadQuery, match="that you host"):
        columns.values(frame, name.format(campaign.pk), User.objects.create_user("other"))


@pytest.mark.parametrize("name", ["@label:x", "@score:{}", "@score:{}/9", "@score:{}/x", "@label:99999999999999999999"])
def test_what_is_none_is_refused(sweep, campaign, frame, name):
    with pytest.raises(BadQuery):
        columns.values(frame, name.format(campaign.pk), campaign.owner)
