from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import active
from ml.active import Choice, Disputes, Settings, ShardArchive, Source, Until
from ml.active.beginning import begin
from ml.active.frontier import Frontier
from ml.active.reseeding import divided
from ml.classify import Config, Labels
from ml.errors import ShardMismatch, TooFewLabels
from ml.shards import Shard
from tests.ml.making import DIM, clustered, make_metrics, make_writer

N = 600
FAST = Settings(batch=10, head=Config(calibrated=False))
Keys = NDArray[np.int64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def shard_of(folder: Path, vectors: NDArray[np.float32], first: int = 10) -> Shard:
    """Row i has key first + 10 * i."""
    n = len(vectors)
    with make_writer(folder.with_name(f"{folder.name}-work"), n, keys=first + 10 * np.arange(n)) as writer:
        writer.append(vectors, make_metrics(n))
        writer.finish(folder, meta={"encoder": "test"})
    return Shard.open(folder)


@pytest.fixture
def shards(tmp_path: Path) -> list[Shard]:
    """Two, with keys 10 … 3000 and 10010 … 13000."""
    x = clustered(N)
    return [shard_of(tmp_path / "a", x[: N // 2]), shard_of(tmp_path / "b", x[N // 2 :], 10_010)]


@pytest.fixture
def archive(shards: list[Shard]) -> ShardArchive:
    return ShardArchive(shards)


def all_keys(archive: ShardArchive) -> Keys:
    return np.concatenate([shard.keys for shard in archive.shards])


def positives(archive: ShardArchive, n: int = 60) -> Keys:
    """The tiles most like one of them."""
    keys = all_keys(archive)
    return keys[np.argsort(-archive.likeness(int(keys[3]), keys))[:n]]


def truth_of(found: Keys) -> Callable[[Keys], NDArray[np.bool_]]:
    return lambda keys: np.isin(keys, found)


def some_labels(archive: ShardArchive, n: int = 40) -> Labels:
    """Half of them positives."""
    found = positives(archive)
    others = np.setdiff1d(all_keys(archive), found)
    keys = np.concatenate([found[: n // 2], rng().choice(others, n // 2, replace=False)])
    return Labels(keys, np.isin(keys, found).astype(np.float32), np.ones(n, np.float32))


def test_features_come_from_every_shard_in_the_order_asked(archive: ShardArchive) -> None:
    x = clustered(N)
    keys = np.array([12_990, 20, 10_010], np.int64)
    assert archive.features(keys) == pytest.approx(x[[N // 2 + 298, 1, N // 2]], abs=1e-3)


def test_a_tile_that_is_not_there_is_refused(archive: ShardArchive) -> None:
    with pytest.raises(ShardMismatch, match="not in the archive"):
        archive.features(np.array([11], np.int64))


def test_an_archive_without_shards_is_refused() -> None:
    with pytest.raises(ShardMismatch, match="needs shards"):
        ShardArchive([])


def test_neighbours_are_the_nearest_of_all_shards_without_the_tile_itself(archive: ShardArchive) -> None:
    keys, likeness = archive.neighbours(20, 30)
    everything = all_keys(archive)
    order = everything[np.argsort(-archive.likeness(20, everything), kind="stable")]
    assert set(keys.tolist()) == set(order[1:31].tolist())
    assert (np.diff(likeness) <= 0).all()


def test_further_sources_stand_beside_the_vectors_and_are_zero_where_there_is_none(
    shards: list[Shard], tmp_path: Path
) -> None:
    parents = shard_of(tmp_path / "parents", clustered(10, seed=3), first=1)
    source = Source([parents], lambda keys: np.where(keys < 5000, 1, 0), {"relation": "parent"})
    archive = ShardArchive(shards, [source])
    found = archive.features(np.array([20, 10_010], np.int64))
    assert archive.dim == found.shape[1] == 2 * DIM
    assert found[0, DIM:] == pytest.approx(clustered(10, seed=3)[0], abs=1e-3)
    assert (found[1, DIM:] == 0).all()
    assert archive.sources[1]["relation"] == "parent"


def test_a_sample_has_each_tile_once_and_all_where_more_are_asked_for(archive: ShardArchive) -> None:
    assert len(set(archive.sample(100, rng()).tolist())) == 100
    assert set(archive.sample(10**6, rng()).tolist()) == set(all_keys(archive).tolist())


def test_a_small_archive_is_its_own_pool(shards: list[Shard]) -> None:
    assert len(active.choose_pool(shards, 10_000, rng=rng())) == N


@pytest.mark.parametrize("most", [7, 100, 599])
def test_a_pool_has_its_size_and_each_shards_share(shards: list[Shard], most: int) -> None:
    pool = active.choose_pool(shards, most, rng=rng())
    assert len(pool) == len(set(pool.tolist())) == most
    assert abs((pool < 10_000).sum() - most / 2) <= 1


def test_a_pool_has_more_of_a_rare_look_than_chance_would_give(tmp_path: Path) -> None:
    x = np.tile(np.eye(1, DIM, 0), (2000, 1)) + 0.05 * rng().normal(size=(2000, DIM))
    x[:40] = np.eye(1, DIM, 5) + 0.05 * rng(1).normal(size=(40, DIM))
    shard = shard_of(tmp_path / "rare", (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32))
    shares = [(active.choose_pool([shard], 200, rng=rng(seed)) <= 400).mean() for seed in range(5)]
    assert np.mean(shares) > 1.2 * 0.02


def test_what_is_not_allowed_is_not_in_the_pool(shards: list[Shard]) -> None:
    pool = active.choose_pool(shards, 50, rng=rng(), allowed=lambda shard: shard.keys % 20 == 0)
    assert (pool % 20 == 0).all()
    assert len(pool) == 50


def test_the_first_batch_looks_near_and_far_and_at_random(archive: ShardArchive) -> None:
    choices = begin(archive, all_keys(archive), [20], replace(FAST, batch=20), rng=rng())
    like = [choice.key for choice in choices if choice.why == "example-like"]
    assert len(choices) == 20
    assert len(like) == 12
    assert 20 not in {choice.key for choice in choices}
    likeness = archive.likeness(20, np.array(like))
    assert likeness[0] == pytest.approx(archive.neighbours(20, 1)[1][0], abs=1e-3)
    assert likeness[0] - likeness[-1] > 0.3


def test_the_first_batch_has_several_examples_and_nothing_known(archive: ShardArchive) -> None:
    known = all_keys(archive)[:100]
    choices = begin(archive, all_keys(archive), [20, 10_050], FAST, rng=rng(), known=known)
    assert len({choice.key for choice in choices}) == len(choices) == 10
    assert not {choice.key for choice in choices} & {*known.tolist(), 20, 10_050}


def test_without_an_example_the_first_batch_is_random(archive: ShardArchive) -> None:
    assert {choice.why for choice in begin(archive, all_keys(archive), [], FAST, rng=rng())} == {"random"}


def test_a_round_follows_its_mix(archive: ShardArchive) -> None:
    outcome = active.run(archive, all_keys(archive), some_labels(archive), replace(FAST, batch=20), rng=rng())
    whys = [choice.why for choice in outcome.choices]
    assert {why: whys.count(why) for why in whys} == {"likely": 10, "unsure": 6, "diverse": 2, "random": 2}


def test_a_round_asks_about_new_tiles_and_each_once(archive: ShardArchive) -> None:
    labels = some_labels(archive)
    keys = [choice.key for choice in active.run(archive, all_keys(archive), labels, FAST, rng=rng()).choices]
    assert len(set(keys)) == 10
    assert not set(keys) & set(labels.keys.tolist())


def test_likely_ones_are_likelier_than_those_left(archive: ShardArchive) -> None:
    settings = replace(FAST, mix={"likely": 1.0})
    outcome = active.run(archive, all_keys(archive), some_labels(archive), settings, rng=rng())
    found = truth_of(positives(archive))(np.array([choice.key for choice in outcome.choices]))
    assert found.mean() > 0.8


def test_the_whole_archive_is_reached_through_neighbours(archive: ShardArchive) -> None:
    pool = all_keys(archive)[400:]
    labels, settings = some_labels(archive), replace(FAST, mix={"likely": 1.0})
    outcome = active.run(archive, pool, labels, settings, rng=rng())
    beyond = {choice.key for choice in outcome.choices} - set(pool.tolist())
    assert beyond
    assert set(active.run(archive, pool, labels, replace(settings, neighbours=0), rng=rng()).frontier.tolist()) == set()


def test_neighbours_of_a_tile_are_asked_for_once(archive: ShardArchive) -> None:
    pool, labels = all_keys(archive)[:100], some_labels(archive, 8)
    first = active.run(archive, pool, labels, FAST, rng=rng())
    asked = Frontier.unpack(first.frontier).asked
    second = active.run(archive, pool, labels, FAST, rng=rng(), frontier=first.frontier)
    again = Frontier.unpack(second.frontier).asked
    assert first.cost.neighbours == len(asked) > 0
    assert second.cost.neighbours == len(again) - len(asked)
    assert np.isin(labels.keys[labels.positive], asked).all()


def test_what_neighbours_brought_in_is_scored_in_the_next_round_too(archive: ShardArchive) -> None:
    pool, labels = all_keys(archive)[:100], some_labels(archive)
    first = active.run(archive, pool, labels, FAST, rng=rng())
    second = active.run(archive, pool, labels, replace(FAST, neighbours=0), rng=rng(), frontier=first.frontier)
    assert second.cost.scored == first.cost.scored > 100


def test_the_frontier_is_bounded(archive: ShardArchive) -> None:
    outcome = active.run(archive, all_keys(archive)[:50], some_labels(archive), replace(FAST, frontier=30), rng=rng())
    assert len(Frontier.unpack(outcome.frontier).keys) == 30


def test_held_out_tiles_neither_train_nor_are_chosen(archive: ShardArchive) -> None:
    labels = some_labels(archive)
    held_out = np.concatenate([labels.keys[:3], np.setdiff1d(all_keys(archive), labels.keys)[:400]])
    outcome = active.run(archive, all_keys(archive), labels, FAST, rng=rng(), held_out=held_out)
    kept = ~np.isin(labels.keys, held_out)
    assert outcome.classifier.labels_digest == Labels(*(part[kept] for part in _parts(labels))).digest
    assert not {choice.key for choice in outcome.choices} & set(held_out.tolist())


def _parts(labels: Labels) -> tuple[Keys, NDArray[np.float32], NDArray[np.float32]]:
    return labels.keys, labels.targets, labels.weights


def test_a_round_needs_both_kinds_of_labels(archive: ShardArchive) -> None:
    with pytest.raises(TooFewLabels):
        active.run(archive, all_keys(archive), Labels(*(part[:5] for part in _parts(some_labels(archive)))), FAST,
                   rng=rng())  # fmt: skip


def test_a_round_tells_what_it_cost_and_how_far_it_is(archive: ShardArchive) -> None:
    told: list[tuple[str, int, int]] = []
    outcome = active.run(
        archive, all_keys(archive)[:300], some_labels(archive), FAST, rng=rng(), on_progress=lambda *x: told.append(x)
    )
    assert outcome.cost.scored >= 300 - 40
    assert outcome.cost.archive == N
    assert outcome.cost.seconds > 0
    assert outcome.cost.archive_seconds > 0
    assert told[-1][0] == "scored"
    assert told[-1][1] == told[-1][2]


def test_after_rounds_without_a_find_far_tiles_and_unexplored_clusters_are_asked_about(archive: ShardArchive) -> None:
    labels, settings = some_labels(archive), replace(FAST, batch=20)
    whys = [c.why for c in active.run(archive, all_keys(archive), labels, settings, rng=rng(), dry=3).choices]
    assert whys.count("far") == whys.count("cluster") == 4
    assert divided(settings.mix, 2, 3) == settings.mix
    assert sum(divided(settings.mix, 3, 3).values()) == pytest.approx(sum(settings.mix.values()))


def test_far_tiles_are_less_like_the_positives_than_likely_ones(archive: ShardArchive) -> None:
    labels, settings = some_labels(archive), replace(FAST, batch=40)
    choices = active.run(archive, all_keys(archive), labels, settings, rng=rng(), dry=5).choices
    known = archive.features(labels.keys[labels.positive])

    def nearness(why: str) -> float:
        keys = np.array([choice.key for choice in choices if choice.why == why])
        return float((archive.features(keys) @ known.T).max(axis=1).mean())

    assert nearness("far") < nearness("likely")


def test_split_votes_are_asked_about_again_before_tiles_that_teach_less(archive: ShardArchive) -> None:
    labels, settings = some_labels(archive), replace(FAST, batch=20, mix={"random": 1.0}, relabel=0.2)
    split = Disputes(labels.keys[18:23], np.full(5, 2.0), np.full(5, 2.0))
    choices = active.run(archive, all_keys(archive), labels, settings, rng=rng(), disputes=split).choices
    again = [choice for choice in choices if choice.why == "disputed"]
    assert 0 < len(again) <= 4
    assert {choice.key for choice in again} <= set(split.keys.tolist())
    assert len(choices) == 20


def test_clear_votes_are_not_asked_about_again(archive: ShardArchive) -> None:
    labels, settings = some_labels(archive), replace(FAST, mix={"unsure": 1.0})
    clear = Disputes(labels.keys[:5], np.full(5, 40.0), np.zeros(5))
    choices = active.run(archive, all_keys(archive), labels, settings, rng=rng(), disputes=clear).choices
    assert "disputed" not in {choice.why for choice in choices}


def test_a_round_can_be_repeated(archive: ShardArchive) -> None:
    def once() -> list[Choice]:
        return active.run(archive, all_keys(archive), some_labels(archive), FAST, rng=rng(7)).choices

    assert once() == once()


def test_an_exhausted_archive_has_nothing_to_ask(archive: ShardArchive) -> None:
    labels = some_labels(archive)
    assert active.run(archive, labels.keys, labels, replace(FAST, neighbours=0), rng=rng()).choices == []


@pytest.mark.parametrize("given", [{"batch": 0}, {"neighbours": 101}, {"mix": {"lucky": 1.0}}])
def test_settings_without_sense_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"batch|neighbours|mix"):
        Settings(**given)  # type: ignore[arg-type]


def simulated(archive: ShardArchive, **given: object) -> list[active.Row]:
    found = positives(archive)
    plan = {"positives": len(found), "rng": rng(), "until": Until(recall=0.9), **given}
    return active.simulate(archive, all_keys(archive), truth_of(found), [int(found[0])], FAST, **plan)  # type: ignore[arg-type]


def test_a_simulated_campaign_finds_nearly_all_from_one_example(archive: ShardArchive) -> None:
    rows = simulated(archive)
    assert rows[-1].recall >= 0.9
    assert rows[-1].labels < N / 2
    assert rows[0].chosen["example-like"] == 6


def test_a_simulated_campaign_stops_at_so_many_labels(archive: ShardArchive) -> None:
    rows = simulated(archive, until=Until(labels=37))
    assert rows[-1].labels == 37
    assert sum(len(row.keys) for row in rows) == 36


def test_without_a_limit_everything_is_labelled_once(archive: ShardArchive) -> None:
    asked = np.concatenate([row.keys for row in simulated(archive, until=Until())])
    assert len(set(asked.tolist())) == len(asked) == N - 1


def test_noise_turns_answers_but_finds_are_counted_by_the_truth(archive: ShardArchive) -> None:
    rows = simulated(archive, until=Until(labels=200), noise=0.3)
    wrong = np.concatenate([row.answers != row.true for row in rows])
    assert 0.15 < wrong.mean() < 0.45
    assert rows[-1].found == 1 + sum(int(row.true.sum()) for row in rows)


def test_a_simulated_campaign_can_be_repeated(archive: ShardArchive) -> None:
    first, second = (np.concatenate([row.keys for row in simulated(archive)]) for _ in range(2))
    assert (first == second).all()
