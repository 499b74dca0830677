from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ml.errors import BadVectors, ShardMismatch
from ml.index import DEFAULT, ENGINES, SCAN
from ml.index.exact import ExactScan
from ml.shards import Shard
from tests.ml.making import indexed_from, make_shard, make_vectors


@pytest.fixture(scope="module", params=[*ENGINES, SCAN])
def shard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shard]:
    """5,000 tiles, searched through each engine, and compared one by one."""
    with indexed_from(10**9 if request.param == SCAN else 0, asked=True):
        engine = DEFAULT if request.param == SCAN else request.param
        shard = make_shard(tmp_path_factory.mktemp("shards") / "s", 5000, engine)
        assert shard.engine == request.param
        yield shard


def exact(shard: Shard, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    wide = shard.vectors.astype(np.float64)
    scores = wide @ query / np.linalg.norm(wide, axis=1) / np.linalg.norm(query)
    return np.argsort(-(scores if allowed is None else np.where(allowed, scores, -9)))[:k]


def test_a_tile_is_most_like_itself(shard: Shard) -> None:
    rows, scores = shard.search(shard.vector(77), 10)
    assert rows[0] == 77
    assert scores[0] == pytest.approx(1)


def test_scores_fall_and_lie_between_minus_one_and_one(shard: Shard) -> None:
    _, scores = shard.search(make_vectors(1, seed=9)[0], 5000)
    assert (np.diff(scores) <= 0).all()
    assert np.abs(scores).max() <= 1


@pytest.mark.parametrize("k", [1, 10, 50, 1000])
def test_what_the_index_brings_is_nearly_the_exact_answer(shard: Shard, k: int) -> None:
    queries = make_vectors(20, seed=5)
    hits = [len(np.intersect1d(shard.search(query, k)[0], exact(shard, query, k))) for query in queries]
    assert sum(hits) / (20 * k) > 0.95


def test_the_length_of_the_query_does_not_matter(shard: Shard) -> None:
    query = make_vectors(1, seed=3)[0]
    np.testing.assert_allclose(shard.search(query, 5)[1], shard.search(query * 7, 5)[1], atol=1e-6)


@pytest.mark.parametrize(("k", "expected"), [(0, 0), (-1, 0), (10**9, 5000)])
def test_k_is_bounded_by_what_there_is(shard: Shard, k: int, expected: int) -> None:
    rows, scores = shard.search(make_vectors(1)[0], k)
    assert (len(rows), len(scores), len(set(rows.tolist()))) == (expected, expected, expected)


@pytest.mark.parametrize("share", [0.0, 0.002, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("k", [5, 200, 1000])
def test_a_filter_is_kept_and_never_brings_too_few(shard: Shard, share: float, k: int) -> None:
    allowed = np.random.default_rng(0).random(5000) < share
    rows, _ = shard.search(make_vectors(1, seed=4)[0], k, allowed=allowed)
    assert allowed[rows].all()
    assert len(rows) == min(k, allowed.sum())


def test_a_filter_far_from_the_query_still_brings_the_best_of_it(shard: Shard) -> None:
    query = make_vectors(1, seed=6)[0]
    allowed = np.ones(5000, bool)
    allowed[exact(shard, query, 2500)] = False  # what the index would propose first
    found = shard.search(query, 20, allowed=allowed)[0]
    assert len(np.intersect1d(found, exact(shard, query, 20, allowed))) >= 18


def test_with_few_tiles_the_answer_is_exact(shard: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExactScan, "cost", lambda _, rows: rows)
    query, allowed = make_vectors(1, seed=8)[0], np.arange(5000) % 500 == 0
    np.testing.assert_array_equal(shard.search(query, 10, allowed=allowed)[0], exact(shard, query, 10, allowed))


def test_asked_for_the_exact_answer_it_gives_it(shard: Shard) -> None:
    for query in make_vectors(20, seed=8):
        np.testing.assert_array_equal(shard.search(query, 50, exact=True)[0], exact(shard, query, 50))


def test_proposals_hold_what_a_search_finds_and_say_whether_they_are_exact(shard: Shard) -> None:
    query = make_vectors(1, seed=8)[0]
    proposals = shard.propose(query, 50)
    assert set(shard.search(query, 50)[0]) <= set(proposals.rows)
    assert proposals.exact == (shard.engine == SCAN)


def test_when_the_index_brings_too_little_everything_is_scanned(shard: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in ENGINES.values():
        monkeypatch.setattr(engine, "propose", lambda *_: (np.arange(3), np.zeros(3, np.float32)))
    query = make_vectors(1, seed=2)[0]
    np.testing.assert_array_equal(shard.search(query, 50)[0], exact(shard, query, 50))


@pytest.mark.parametrize("query", [np.zeros(16), np.full(16, np.nan), np.ones(17), np.ones((1, 16))])
def test_a_query_that_is_no_direction_of_this_shard_is_refused(shard: Shard, query: np.ndarray) -> None:
    with pytest.raises(BadVectors):
        shard.search(query, 5)


def test_a_filter_of_another_length_is_refused(shard: Shard) -> None:
    with pytest.raises(ShardMismatch, match="filter"):
        shard.search(make_vectors(1)[0], 5, allowed=np.ones(3, bool))


def test_many_threads_get_the_same_answers(shard: Shard) -> None:
    queries = make_vectors(200, seed=7)
    alone = [shard.search(query, 20)[0].tolist() for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda query: shard.search(query, 20)[0].tolist(), queries)) == alone


def test_closing_while_others_search_harms_nobody(tmp_path: Path) -> None:
    shard, queries = make_shard(tmp_path / "s", 5000), make_vectors(400, seed=1)

    def ask(query: np.ndarray) -> int:
        try:
            return len(shard.search(query, 10)[0])
        except ShardMismatch:
            return 10  # closed: said so

    with ThreadPoolExecutor(4) as pool:
        found = pool.map(ask, queries)
        shard.close()
        assert set(found) == {10}


def test_a_closed_shard_says_so(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "s", 5)
    shard.close()
    with pytest.raises(ShardMismatch, match="closed"):
        shard.search(make_vectors(1)[0], 1)
