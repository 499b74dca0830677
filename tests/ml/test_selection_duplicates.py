"""Near-duplicates: against all pairs compared plainly."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection import cells, duplicate_curve, duplicates, groups, near_duplicates
from tests.ml.making import clustered

RANDOM = np.random.default_rng(0)


def with_copies(n: int = 1500, dim: int = 24) -> NDArray[np.float32]:
    """A tenth are near others, and 200 are nearly the same."""
    vectors = clustered(n, dim)
    tenth = n // 10
    vectors[-tenth:] = vectors[:tenth] + 0.01 * RANDOM.normal(size=(tenth, dim)) / dim**0.5
    vectors[n // 2 : n // 2 + 200] = vectors[0] + 1e-3 * RANDOM.normal(size=(200, dim)) / dim**0.5
    return vectors.astype(np.float32)


X = with_copies()
WIDE = X.astype(np.float64) / np.linalg.norm(X.astype(np.float64), axis=1, keepdims=True)
FAR = np.sqrt(np.maximum(2 - 2 * WIDE @ WIDE.T, 0))


def plainly(order: NDArray[np.int64], distance: float) -> NDArray[np.bool_]:
    gone = np.zeros(len(X), bool)
    kept: list[int] = []
    for row in order:
        if kept and FAR[row, kept].min() < distance:
            gone[row] = True
        else:
            kept.append(row)
    return gone


@pytest.fixture(params=["few cells", "many cells", "little memory"])
def parted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "few cells":
        monkeypatch.setattr(cells, "_EACH", 15)
        monkeypatch.setattr(cells, "_RING", 8)
    if request.param == "little memory":
        monkeypatch.setattr(cells, "_VISITS", 500)
        monkeypatch.setattr(cells, "_ROWS", 64)
        monkeypatch.setattr(cells, "_ENTRIES", 256)
        monkeypatch.setattr(cells, "_TOGETHER", 16)


@pytest.mark.usefixtures("parted")
@pytest.mark.parametrize("distance", [0.005, 0.05, 0.4])
def test_all_pairs_are_found_and_no_others(distance: float) -> None:
    found = near_duplicates(X, distance)
    a, b = np.nonzero(np.triu(distance > FAR, 1))
    assert set(zip(found.a.tolist(), found.b.tolist(), strict=True)) == set(zip(a.tolist(), b.tolist(), strict=True))
    assert found.total == len(a)
    assert found.distances == pytest.approx(FAR[found.a, found.b], abs=1e-3)
    assert (np.diff(found.distances) >= 0).all()


def test_of_too_many_the_farthest_are_told_each_tile_once() -> None:
    found = near_duplicates(X, 0.6, most=24)
    assert len(found.a) == 24
    assert found.total > 24
    assert len({*found.a.tolist(), *found.b.tolist()}) == 48
    assert found.distances.min() > 0.57


def test_only_allowed_tiles_are_compared() -> None:
    allowed = np.arange(len(X)) < 1000
    assert near_duplicates(X, 0.05, allowed=allowed).b.max(initial=0) < 1000


@pytest.mark.usefixtures("parted")
@pytest.mark.parametrize("distance", [0.005, 0.05, 0.4])
@pytest.mark.parametrize("crowd", [4_000_000, 2000])
def test_one_of_each_group_stays_the_first_in_the_order(
    distance: float, crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "_CROWD", crowd)  # 2,000 pairs are too many at once: in halves
    monkeypatch.setattr(duplicates, "_FEW", 64)
    order = np.random.default_rng(4).permutation(len(X))
    found = duplicates.copies(X, np.arange(len(X)), distance, order, np.empty(0, np.int64))
    assert (found == plainly(order, distance)).all()


def test_those_that_stay_anyway_stay_and_others_go_for_them() -> None:
    before, rows = np.arange(100), np.arange(100, len(X))
    gone = duplicates.copies(X, rows, 0.05, np.arange(len(rows)), before)
    assert gone[FAR[:100, 100:].min(axis=0) < 0.05 - 1e-3].all()


def test_pairs_join_into_groups() -> None:
    vectors = np.eye(6, dtype=np.float32)
    vectors[1] = vectors[0] + [0, 0, 0, 0, 0, 0.01]
    vectors[4] = vectors[3] = vectors[2]
    assert [one.tolist() for one in groups(near_duplicates(vectors, 0.1), 6)] == [[2, 3, 4], [0, 1]]


def test_without_pairs_there_are_no_groups() -> None:
    assert groups(near_duplicates(np.eye(5), 0.1), 5) == []


def test_the_curve_tells_how_many_would_go_at_each_distance() -> None:
    found = duplicate_curve(X, [0.005, 0.05, 0.4])
    assert (found.considered, found.sampled) == (len(X), False)
    assert all(a <= b for a, b in pairwise(found.removed))
    assert found.removed[1] == pytest.approx(plainly(np.arange(len(X)), 0.05).sum(), abs=5)


def test_of_many_tiles_the_curve_is_an_estimate_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_CURVE", 2000)
    vectors = with_copies(8_000)
    exactly = duplicates.copies(vectors, np.arange(8_000), 0.05, np.arange(8_000), np.empty(0, np.int64)).sum()
    found = duplicate_curve(vectors, [0.05])
    assert found.sampled
    assert found.removed[0] == pytest.approx(exactly, rel=0.4)


@pytest.mark.parametrize("distance", [0, -1, 2.5, float("nan")])
def test_a_distance_that_unit_vectors_cannot_have_is_refused(distance: float) -> None:
    for ask in (near_duplicates, lambda vectors, one: duplicate_curve(vectors, [one])):
        with pytest.raises(BadSelection, match="must be above 0 and up to 2"):
            ask(X, distance)


def test_progress_is_told_and_may_stop_it() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "duplicates":
            raise InterruptedError

    calls: list[Any] = [near_duplicates, lambda x, d, **more: duplicate_curve(x, [d], **more)]
    for ask in calls:
        with pytest.raises(InterruptedError):
            ask(X, 0.1, on_progress=stop)
