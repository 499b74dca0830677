"""Maps of embeddings: asked for, made, fetched, stopped."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import frames, heart, jobs, layouts, tasks
from search.errors import BadLayout, Cancelled
from search.layouts import making, pca, umapping
from search.models import Dataset, Layout, Status
from tests.factories import build_all, make_gallery

pytestmark = pytest.mark.django_db
LAYOUTS = "/api/v1/datasets/world/studio/layouts/"
FEW = {"neighbours": 5, "seed": 3}


@pytest.fixture
def member(client, db):
    user = User.objects.create_user("member")
    client.force_login(user)
    return user


def ask(client, **body):
    return client.post(LAYOUTS, body, content_type="application/json")


@pytest.fixture
def made(client, world, member):
    """The number of a finished map that needs no UMAP."""
    number = ask(client, method="pca").json()["id"]
    tasks.make_layout(number)
    return number


@pytest.fixture(scope="module")
def umap(django_db_setup, django_db_blocker):
    """Made once: numba compiles for a while."""
    with django_db_blocker.unblock():
        dataset = Dataset.objects.get(slug="world")
        job, told = layouts.request(dataset, "umap", FEW, background=False), []
        assert layouts.make_here(job, lambda *how: told.append(how))
        yield job, told
        job.delete()


def test_umap_places_every_tile(umap, world):
    job, _ = umap
    found = making.points(job, frames.opened(world))
    assert (job.status, found.shape, found.dtype) == (Status.READY, (2000, 2), np.float32)
    assert np.isfinite(found).all()
    assert np.abs(found).max() == pytest.approx(1)


def test_umap_says_what_it_is_at(umap):
    stages = list(dict.fromkeys(stage for stage, _, _ in umap[1]))
    assert [stage.split()[0] for stage in stages] == ["Reading", "Finding", "Starting", "Arranging"]


def test_near_tiles_lie_near_each_other(umap, world):
    frame = frames.opened(world)
    flat, vectors = np.asarray(making.points(umap[0], frame)), frame.vectors().astype(np.float32)
    nearest = (vectors @ vectors.T - 9 * np.eye(len(vectors))).argmax(axis=1)
    apart = np.linalg.norm(flat - flat[nearest], axis=1)
    assert np.median(apart) < 0.1 * np.median(np.linalg.norm(flat - flat[::-1], axis=1))


def test_the_same_seed_makes_the_same_map(umap, world):
    frame = frames.opened(world)
    again, _ = umapping.points(frame, umap[0].options, lambda *_: None)
    assert (again == making.points(umap[0], frame)).all()


def test_of_many_tiles_a_sample_is_fitted(umap, world, monkeypatch):
    monkeypatch.setattr(umapping, "FITTED", 1000)
    frame = frames.opened(world)
    found, told = umapping.points(frame, umap[0].options, lambda *_: None)
    assert (told["fitted"], told["placed"], found.shape) == (1000, 1000, (2000, 2))
    assert "1,000 tiles, drawn at random with seed 3" in told["approximation"]


def test_umap_can_be_stopped_while_it_arranges(umap, world):
    def report(stage, done, total):
        if stage.startswith("Arranging"):
            raise Cancelled

    with pytest.raises(Cancelled):
        umapping.points(frames.opened(world), umap[0].options, report)


def test_a_tile_is_its_own_nearest_among_equals():
    near, distances = umapping.neighbours(np.ones((5, 3), np.float32), 3, lambda *_: None)
    assert near[:, 0].tolist() == list(range(5))
    assert all(len(set(row)) == 3 for row in near.tolist())
    assert not distances.any()


def test_umap_of_equal_tiles_is_a_map(umap):
    found = umapping.fitted(np.ones((8, 3), np.float32), np.zeros((8, 2), np.float32), umap[0].options, lambda *_: None)
    assert np.isfinite(found).all()


def test_a_map_is_asked_for_watched_and_fetched(client, made, world):
    said = client.get(f"{LAYOUTS}{made}/").json()
    assert (said["status"], said["report"]["tiles"], said["may_change"]) == ("ready", 2000, True)
    response = client.get(f"{LAYOUTS}{made}/points", {"frame": said["frame"]})
    assert (np.frombuffer(response.content, "<f4").reshape(-1, 2) == pca.points(frames.opened(world))).all()
    assert "immutable" in response["Cache-Control"]


def test_the_same_map_is_not_made_twice(client, made):
    assert ask(client, method="pca").json()["id"] == made


@pytest.mark.parametrize(
    ("method", "options", "part"),
    [("tsne", {}, "use pca or umap"), ("umap", {"neighbors": 3}, "neighbours, min_dist, seed"),
     ("umap", {"neighbours": 1}, "from 2 to 200"), ("umap", {"neighbours": 2.5}, "whole number"),
     ("umap", {"min_dist": 1}, "0.99"), ("umap", {"min_dist": "a"}, "0.99"), ("umap", {"seed": -1}, "seed"),
     ("pca", {"seed": 1}, "are: none"), ("umap", {"seed": True}, "seed"), ("umap", {"seed": 2**40}, "seed")],
)  # fmt: skip
def test_bad_requests_are_refused(client, world, member, method, options, part):
    response = ask(client, method=method, options=options)
    assert (response.status_code, Layout.objects.filter(owner=member).count()) == (400, 0)
    assert part in response.json()["error"]["message"]


def test_a_guest_may_look_and_not_ask(client, world):
    assert ask(client).status_code == 401
    assert client.get(LAYOUTS).status_code == 200


def test_it_is_stopped(client, world, member):
    number = ask(client, method="pca").json()["id"]
    assert client.post(f"{LAYOUTS}{number}/cancel").json()["status"] == "cancelled"
    tasks.make_layout(number)
    assert Layout.objects.get(pk=number).status == Status.CANCELLED
    assert client.get(f"{LAYOUTS}{number}/points").json()["error"]["message"].startswith("This map is not finished")


def test_a_map_that_is_stopped_while_it_is_made_ends(world):
    job = layouts.request(world, "pca", {}, background=False)
    assert not layouts.make_here(job, lambda *_: jobs.cancel(job))
    assert Layout.objects.get(pk=job.pk).status == Status.CANCELLED


def test_others_may_not_stop_or_remove_it(client, made):
    client.force_login(User.objects.create_user("other"))
    assert client.post(f"{LAYOUTS}{made}/cancel").status_code == 403
    assert client.delete(f"{LAYOUTS}{made}/").status_code == 403


def test_whose_it_is_removes_it(client, made):
    folder = Layout.objects.get(pk=made).folder
    assert client.delete(f"{LAYOUTS}{made}/").status_code == 204
    assert not folder.exists()
    assert client.get(f"{LAYOUTS}{made}/").status_code == 404


def test_an_outsider_sees_nothing_of_it(client, made, world):
    Dataset.objects.filter(pk=world.pk).update(is_public=False)
    client.force_login(User.objects.create_user("outsider"))
    assert client.get(f"{LAYOUTS}{made}/").status_code == 404


def test_a_map_of_another_frame_is_not_shown(client, made):
    Layout.objects.filter(pk=made).update(frame="0123456789abcdef")
    assert "make it again" in client.get(f"{LAYOUTS}{made}/points").json()["error"]["message"]


def test_many_maps_wait_for_each_other(client, world, member):
    answers = [ask(client, options={"seed": seed}) for seed in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert "3 maps of embeddings of world wait" in answers[-1].json()["error"]["message"]


def test_the_oldest_of_many_maps_go(umap, client, made, monkeypatch):
    monkeypatch.setattr(making, "KEPT", 2)
    job = Layout.objects.get(pk=made)
    old = {"frame": "old", "status": Status.READY, "created_at": "2001-01-01T00:00Z"}
    Layout.objects.create(dataset=job.dataset, method="pca", **old)
    making.forget(job.dataset)
    assert set(Layout.objects.filter(dataset=job.dataset)) == {job, umap[0]}


def test_few_tiles_need_pca(tmp_path, django_db_setup):
    dataset = build_all(make_gallery(tmp_path / "pictures", count=3))
    job = layouts.request(dataset, "umap", {}, background=False)
    with pytest.raises(BadLayout, match="use PCA"):
        layouts.make_here(job)
    assert (job.status, job.error[:4]) == (Status.FAILED, "UMAP")


def test_what_breaks_is_tried_again(world, monkeypatch):
    monkeypatch.setattr(pca, "points", None)
    job = layouts.request(world, "pca", {}, background=False)
    with pytest.raises(TypeError):
        layouts.make_here(job)
    assert (job.status, job.attempts) == (Status.WAITING, 1)


def test_who_lost_it_hears_so(world):
    job = layouts.request(world, "pca", {}, background=False)
    with pytest.raises(Cancelled):
        job.tell("at work", 1, 2)


def test_a_heart_beats_until_the_row_is_not_ours(world, monkeypatch):
    job, beats = layouts.request(world, "pca", {}, background=False), []
    monkeypatch.setattr(heart, "BEAT", 0)
    monkeypatch.setattr(heart, "close_old_connections", lambda: None)
    monkeypatch.setattr(heart, "connection", type("none", (), {"close": staticmethod(lambda: None)}))

    def tell(self, *how):
        beats.append(how)
        raise Cancelled

    monkeypatch.setattr(Layout, "tell", tell)
    monkeypatch.setattr(type(Layout._default_manager), "get", lambda self, pk: job)
    with heart.Heart(job) as beating:
        beating._thread.join(5)
    assert len(beats) == 1
