"""A campaign's labels judge an embedding: for those who host it."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import evaluating, frames
from search.errors import BadQuery
from search.evaluating import describing, labels
from tests.campaigns import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world):
    """20 of the darkest tiles are labelled with the first answer, 20 of the brightest with the second."""
    frame = frames.opened(world)
    order = np.argsort(frame.column("luminance"))
    picked = {0: frame.keys[order[:20]].tolist(), 1: frame.keys[order[-20:]].tolist()}
    made = make_campaign(world, picked[0] + picked[1], owner=User.objects.create_user("host"))
    for place, answer in enumerate(list(made.answers.all())[:2]):
        made.cards.filter(key__in=picked[place]).update(label=answer)
    return made


def test_a_campaigns_labels_are_measured_on(campaign, world):
    asked = {"labels": f"@label:{campaign.pk}"}
    job = evaluating.request(world, asked, campaign.owner, background=False)
    assert evaluating.make_here(job)
    job.refresh_from_db()
    words = [answer.word for answer in campaign.answers.all()][:2]
    assert [(one["name"], one["tiles"]) for one in job.report["classes"]] == [(word, 20) for word in words]
    assert job.report["title"] == f"Label: {campaign.question}"
    assert job.report["results"][0]["knn_20"] > 0.5


def test_they_are_offered_to_its_host_alone(campaign, world):
    frame, other = frames.opened(world), User.objects.create_user("other")
    name = f"@label:{campaign.pk}"
    assert name in {one.name for one in labels.offered(frame, campaign.owner)}
    assert name not in {one.name for one in labels.offered(frame, other)}
    with pytest.raises(BadQuery, match="There are no labels"):
        evaluating.request(world, {"labels": name}, other, background=False)


def test_what_came_of_them_is_not_shown_to_others(campaign, world):
    job = evaluating.request(world, {"labels": f"@label:{campaign.pk}"}, campaign.owner, background=False)
    assert describing.listed(world, campaign.owner) == [job]
    assert describing.listed(world, User.objects.create_user("other")) == []
