"""Selections: the order that is promised, when it stops, and what it says about itself."""

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection import Recipe, Selection, covering, select, selecting
from tests.ml import greedy_by_hand as by_hand
from tests.ml.making import clustered

X = clustered(400, 16).astype(np.float32)
WIDE = X.astype(np.float64) / np.linalg.norm(X.astype(np.float64), axis=1, keepdims=True)
RANDOM = np.random.default_rng(3)
SHARP = RANDOM.random(400)
LABELS = RANDOM.choice(3, 400, p=[0.8, 0.15, 0.05])
COLUMNS = {"sharpness": SHARP, "label": (LABELS.astype(np.int32), ["sea", "land", "ice"])}
Rows = NDArray[np.int64]


def chosen(objectives: list[dict[str, Any]] | None = None, vectors: object = X, **more: object) -> Selection:
    """What select makes of a recipe; arguments that are no recipe's are select's."""
    others = {name: more.pop(name) for name in ("allowed", "before", "similar_to", "on_progress") if name in more}
    recipe = {"n": 40, "objectives": objectives, **more} if "share" not in more else {"objectives": objectives, **more}
    return select(vectors, Recipe.read(recipe), columns=COLUMNS, **others)  # type: ignore[arg-type]


def test_k_center_chooses_each_time_the_tile_farthest_from_all_chosen() -> None:
    found = chosen([{"kind": "diversity"}]).rows.tolist()
    for i in range(1, 40):
        assert found[i] == by_hand.best(by_hand.distances(WIDE, found[:i]), found[:i])


def test_facility_location_chooses_each_time_the_tile_that_brings_all_nearest() -> None:
    found = chosen([{"kind": "diversity", "method": "facility-location"}]).rows.tolist()
    for i in range(40):
        assert found[i] == by_hand.best(by_hand.gains(WIDE, found[:i]), found[:i])


def test_tiles_with_the_same_vector_count_as_often_as_they_are_there() -> None:
    often = np.concatenate([WIDE, np.repeat(WIDE[[5, 70]], 60, axis=0)])
    found = chosen([{"kind": "diversity", "method": "facility-location"}], often.astype(np.float32)).rows.tolist()
    for i in range(40):
        gains = by_hand.gains(often, found[:i])
        assert gains[found[i]] == pytest.approx(gains.max(), abs=1e-6)


def test_the_order_is_that_of_the_product_of_all_objectives_each_to_its_power() -> None:
    objectives = [
        {"kind": "diversity", "strength": 1.5},
        {"kind": "diversity", "method": "facility-location", "strength": 0.5},
        {"kind": "typicality", "neighbours": 5, "strength": 0.7},
        {"kind": "weight", "column": "sharpness", "prefer": "low", "strength": 2},
        {"kind": "balance", "column": "label", "strength": 1.2},
        {"kind": "similarity", "collection": "like", "strength": 3},
    ]
    found = chosen(objectives, similar_to={"like": np.array([3, 9])}).rows.tolist()
    like = by_hand.ranks((WIDE @ WIDE[[3, 9]].T).max(axis=1))
    like[[3, 9]] = 1 - 0.5 / 400  # both are as like as can be: the middle of their ranks
    fixed = by_hand.ranks(by_hand.typicality(WIDE, 5)) ** 0.7 * by_hand.ranks(-SHARP) ** 2 * like**3
    for i in range(40):
        before = found[:i]
        diverse = by_hand.distances(WIDE, before) ** 1.5 * by_hand.gains(WIDE, before) ** 0.5
        balanced = by_hand.webster(LABELS, np.full(3, 1 / 3), before) ** 1.2
        assert found[i] == by_hand.best(fixed * diverse * balanced, before)


def test_distances_are_those_to_what_was_chosen_before_each() -> None:
    for objectives in ([{"kind": "diversity"}], [{"kind": "weight", "column": "sharpness"}]):
        found = chosen(objectives)
        rows = found.rows.tolist()
        told = [by_hand.distances(WIDE, rows[:i])[row] for i, row in enumerate(rows)]
        assert found.distances == pytest.approx(told, abs=1e-3)


def test_where_nothing_needs_distances_they_are_known_of_the_first_tiles_only(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = chosen([{"kind": "weight", "column": "sharpness"}])
    monkeypatch.setattr(selecting, "_KNOWN", 15)
    found = chosen([{"kind": "weight", "column": "sharpness"}])
    assert found.distances[:15] == pytest.approx(whole.distances[:15], abs=1e-6)
    assert np.isnan(found.distances[15:]).all()
    assert "is known of the first" in found.approximations[0]
    assert found.closest == pytest.approx(whole.distances[:15].min(), abs=1e-6)


@pytest.mark.parametrize("method", ["k-center", "facility-location"])
def test_a_selection_continues_where_another_ended(method: str) -> None:
    whole = chosen([{"kind": "diversity", "method": method}]).rows
    more = chosen([{"kind": "diversity", "method": method}], n=20, before=whole[:20]).rows
    assert more.tolist() == whole[20:].tolist()


def test_the_same_seed_chooses_the_same_whatever_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in ("1", "2", "8"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(chosen([{"kind": "diversity"}, {"kind": "typicality"}], seed=5, n=200).rows.tolist())
    assert found[0] == found[1] == found[2]


def test_another_seed_begins_elsewhere() -> None:
    assert len({int(chosen([{"kind": "diversity"}], seed=seed).rows[0]) for seed in range(5)}) > 1


def test_no_tile_is_closer_to_another_than_the_minimum_distance_and_all_others_are() -> None:
    for objectives in ([{"kind": "diversity"}], [{"kind": "weight", "column": "sharpness"}]):
        found = chosen(objectives, n=None, min_distance=0.8)
        among = WIDE[found.rows] @ WIDE[found.rows].T - 2 * np.eye(len(found.rows))
        assert np.sqrt(2 - 2 * among.max()) >= 0.8 - 1e-4
        assert by_hand.distances(WIDE, found.rows.tolist()).max() < 0.8 + 1e-4
        assert found.stopped_by == "min_distance"


def test_the_number_stops_it_before_the_minimum_distance_does() -> None:
    found = chosen([{"kind": "diversity"}], n=5, min_distance=0.1)
    assert (len(found.rows), found.stopped_by) == (5, "number")


def test_a_share_is_of_all_tiles_that_the_filter_leaves() -> None:
    allowed = np.arange(400) < 200
    found = chosen([{"kind": "diversity"}], share=0.1, allowed=allowed)
    assert len(found.rows) == 20
    assert allowed[found.rows].all()


def test_the_whole_set_can_be_put_in_order() -> None:
    found = chosen([{"kind": "diversity"}], share=1)
    assert sorted(found.rows.tolist()) == list(range(400))


@pytest.mark.parametrize("prefer", ["high", "low"])
def test_a_weight_alone_puts_the_tiles_in_its_order(prefer: str) -> None:
    order = np.argsort(-SHARP if prefer == "high" else SHARP)
    assert chosen([{"kind": "weight", "column": "sharpness", "prefer": prefer}]).rows.tolist() == order[:40].tolist()


def test_outliers_are_those_with_far_neighbours() -> None:
    order = np.argsort(by_hand.typicality(WIDE, 7))
    outliers = [{"kind": "typicality", "neighbours": 7, "wanted": "outliers"}]
    assert chosen(outliers).rows.tolist() == order[:40].tolist()
    typical = [{"kind": "typicality", "neighbours": 7}]
    assert chosen(typical).rows.tolist() == order[::-1][:40].tolist()


def test_similar_ones_may_be_given_as_vectors() -> None:
    similar = [{"kind": "similarity", "collection": "like"}]
    by_rows = chosen(similar, similar_to={"like": np.array([3])}).rows
    assert chosen(similar, similar_to={"like": 5 * X[[3]]}).rows.tolist() == by_rows.tolist()
    assert by_rows[0] == 3


def test_thresholds_come_first() -> None:
    found = chosen([{"kind": "diversity"}], thresholds={"sharpness": [0.5, 0.9]})
    assert ((SHARP[found.rows] >= 0.5) & (SHARP[found.rows] <= 0.9)).all()
    assert found.considered == ((SHARP >= 0.5) & (SHARP <= 0.9)).sum()


def test_of_near_duplicates_the_one_that_the_weight_prefers_stays() -> None:
    twice = np.concatenate([X[:100], X[:100]])
    sharp = np.concatenate([np.zeros(100), np.ones(100)]) + np.arange(200) / 1000
    recipe = Recipe.read(
        {"n": 50, "duplicates": {"distance": 0.01}, "objectives": [{"kind": "weight", "column": "sharp"}]}
    )
    found = select(twice, recipe, columns={"sharp": sharp})
    assert found.removed_duplicates == 100
    assert (found.rows >= 100).all()


def test_what_is_near_something_chosen_before_counts_as_a_duplicate() -> None:
    twice = np.concatenate([X[:100], X[:100]])
    found = select(twice, Recipe.read({"share": 1, "duplicates": {"distance": 0.01}}), before=np.arange(100, 150))
    assert sorted((found.rows % 100).tolist()) == list(range(50, 100))
    assert found.stopped_by == "nothing left"


def test_copies_are_chosen_last_but_chosen() -> None:
    same = np.concatenate([X[:10], np.repeat(X[:1], 20, axis=0)])
    found = select(same, Recipe.read({"n": 25, "objectives": [{"kind": "diversity"}]}))
    assert len(set(found.rows.tolist())) == 25
    assert (found.distances[10:] < 2e-3).all()


def test_strength_0_leaves_an_objective_out() -> None:
    plain = chosen([{"kind": "diversity"}]).rows
    more = chosen([{"kind": "diversity"}, {"kind": "weight", "column": "sharpness", "strength": 0}]).rows
    assert more.tolist() == plain.tolist()


def test_the_value_of_each_objective_is_told() -> None:
    found = chosen(
        [{"kind": "diversity"}, {"kind": "weight", "column": "sharpness"}, {"kind": "balance", "column": "label"}]
    )
    assert set(found.values) == {"diversity", "weight: sharpness", "balance: label"}
    assert found.values["weight: sharpness"] == pytest.approx(by_hand.ranks(SHARP)[found.rows])
    assert all(len(one) == 40 for one in found.values.values())


def test_two_objectives_of_one_kind_are_told_apart() -> None:
    both = [{"kind": "weight", "column": "sharpness"}, {"kind": "weight", "column": "sharpness", "prefer": "low"}]
    assert set(chosen(both).values) == {"weight: sharpness", "weight: sharpness (2)"}


def test_progress_is_told_and_may_stop_it() -> None:
    stages, others = list[str](), threading.active_count()  # of tests before this one
    chosen([{"kind": "diversity"}, {"kind": "typicality"}], on_progress=lambda stage, done, total: stages.append(stage))
    assert {"reading", "neighbours", "choosing"} <= set(stages)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "choosing":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        chosen([{"kind": "diversity"}], n=200, on_progress=stop)
    assert threading.active_count() <= others


def test_vectors_may_lie_in_a_file_or_in_several(tmp_path: object) -> None:
    class Halves:
        """Asks that rows ascend, as files of several shards do."""

        shape, dtype = X.shape, X.dtype

        def __getitem__(self, rows: slice | Rows) -> NDArray[np.float32]:
            if isinstance(rows, slice):
                return X[rows]
            assert (np.diff(rows) > 0).all()
            return np.concatenate([X[:200][rows[rows < 200]], X[200:][rows[rows >= 200] - 200]])

    recipe = [{"kind": "diversity"}, {"kind": "diversity", "method": "facility-location"}, {"kind": "typicality"}]
    more = {"before": np.array([5, 300, 2]), "duplicates": {"distance": 0.3}}
    assert chosen(recipe, Halves(), **more).rows.tolist() == chosen(recipe, **more).rows.tolist()


def test_half_precision_and_any_length_will_do() -> None:
    longer = (X * np.linspace(0.5, 3, 400)[:, None]).astype(np.float16)
    found = chosen([{"kind": "diversity"}], longer, n=20)
    assert (
        by_hand.distances(WIDE, found.rows.tolist()).max()
        < 1.1 * by_hand.distances(WIDE, chosen([{"kind": "diversity"}], n=20).rows.tolist()).max()
    )


def test_one_tile_is_a_selection() -> None:
    found = select(X[:1], Recipe.read({"n": 1, "objectives": [{"kind": "diversity"}, {"kind": "typicality"}]}))
    assert found.rows.tolist() == [0]


def test_a_message_names_no_column_that_there_is_not() -> None:
    with pytest.raises(BadSelection, match="no column blur. Known are: label, sharpness"):
        chosen([{"kind": "weight", "column": "blur"}])


def test_of_many_tiles_some_stand_for_all_in_facility_location_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = chosen(n=20).rows.tolist()
    monkeypatch.setattr(covering, "COVERED", 100)
    monkeypatch.setattr(covering, "MOST", 200)
    found = chosen(n=20)
    assert found.approximations == ["Facility location is sampled: 100 of 400 tiles stand for all."]
    reached = [by_hand.distances(WIDE, rows).mean() for rows in (found.rows.tolist(), exact)]
    assert reached[0] < 1.1 * reached[1]
    assert "no preference any more: add k-center" in chosen(n=300).approximations[1]


def test_of_very_many_a_tile_is_compared_with_the_groups_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = chosen(n=60).rows.tolist()
    monkeypatch.setattr(covering, "PAIRS", 1000)
    monkeypatch.setattr(covering, "_CHOSEN", 6)
    found = chosen(n=60)
    assert found.approximations == [
        "A tile is compared with the 4 nearest of 10 groups of these: to the others it brings little."
    ]
    brought = [1 - by_hand.distances(WIDE, rows) ** 2 / 4 for rows in (found.rows.tolist(), exact, list(range(60)))]
    ours, best, any_other = (float(one.mean()) for one in brought)
    assert ours > best - (best - any_other) / 4
    monkeypatch.setattr(covering, "_REACH", 10)  # all of them
    assert chosen(n=60).rows.tolist() == exact


@pytest.mark.parametrize("kinds", [1, 3, 8])
def test_very_many_tiles_may_have_few_vectors(kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "PAIRS", 1000)
    monkeypatch.setattr(covering, "_CHOSEN", 6)
    found = chosen(None, X[np.arange(400) % kinds], n=60).rows
    assert len({int(row) % kinds for row in found[:kinds]}) == kinds
    assert len(found) == 60


def test_what_a_tile_brings_to_the_groups_around_it_is_up_to_date_when_it_is_chosen() -> None:
    rows, before = np.arange(400), np.array([7, 200])
    covered = covering.StandIns(rows, 12, [])
    cover = covering.Cover(X, rows, covered, before, 1.0, np.random.default_rng(0), lambda done: None)
    for position in (30, 31, 399):
        cover.add(position)
    look = cover.look(np.arange(0, 400, 3))
    look.refresh(np.arange(0, 134, 2))
    fresh = covering.Cover(
        X, rows, covered, np.append(before, (30, 31, 399)), 1.0, np.random.default_rng(0), lambda done: None
    )
    assert [look.told(i) for i in range(0, 134, 2)] == pytest.approx(fresh.worth[0::6], abs=1e-6)
    assert (cover.worth >= fresh.worth - 1e-6).all()  # old values are bounds
