"""The sweep over one file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.classify import scoring
from ml.errors import BadVectors
from tests.ml.learning import make_classifier, make_tiles

N = 2500


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BLOCK", 1000)


@pytest.fixture
def vectors(tmp_path: Path) -> NDArray[np.float16]:
    np.save(tmp_path / "vectors.npy", make_tiles(N, seed=5)[0].astype(np.float16))
    return np.load(tmp_path / "vectors.npy", mmap_mode="r")


def stop_after(rows: int) -> Callable[[int], None]:
    def on_block(done: int) -> None:
        if done >= rows:
            raise InterruptedError

    return on_block


@pytest.mark.parametrize("head", ["logistic", "mlp", "trees"])
def test_scores_are_the_probabilities_of_all_rows_in_order(
    head: str, vectors: NDArray[np.float16], tmp_path: Path
) -> None:
    classifier, told = make_classifier(head=head), list[int]()
    assert scoring.score(classifier, vectors, tmp_path / "scores.npy", on_block=told.append) == N
    scores = np.load(tmp_path / "scores.npy")
    assert (scores.dtype, told) == (np.float32, [1000, 2000, 2500])
    assert scores == pytest.approx(classifier.predict(vectors), abs=2e-6)


@pytest.mark.parametrize("dim", [24, 5, 512])
def test_vectors_of_any_length_are_scored(dim: int, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(300, dim)).astype(np.float16)
    targets = (rows[:, 0] > 0).astype(np.float32)
    classifier = scoring_of(rows.astype(np.float32), targets)
    scoring.score(classifier, rows, tmp_path / "s.npy")
    assert np.load(tmp_path / "s.npy") == pytest.approx(classifier.predict(rows), abs=1e-5)


def scoring_of(features: NDArray[np.float32], targets: NDArray[np.float32]) -> scoring.Classifier:
    from ml.classify import fit

    return fit(features, targets, np.ones(len(targets), np.float32))


def test_rows_may_come_from_anything_that_can_be_sliced(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    class Joined:
        def __len__(self) -> int:
            return N

        def __getitem__(self, rows: slice) -> NDArray[np.float32]:
            return np.asarray(vectors[rows], np.float32)

    classifier = make_classifier()
    scoring.score(classifier, Joined(), tmp_path / "scores.npy")
    assert np.load(tmp_path / "scores.npy") == pytest.approx(classifier.predict(vectors), abs=2e-6)


def test_an_interrupted_sweep_goes_on_at_the_end_of_a_block(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    classifier, out = make_classifier(), tmp_path / "scores.npy"
    with pytest.raises(InterruptedError):
        scoring.score(classifier, vectors, out, on_block=stop_after(2000))
    assert not out.exists()
    assert scoring.score(classifier, vectors, out) == 500
    assert np.load(out) == pytest.approx(classifier.predict(vectors), abs=2e-6)


def test_what_a_killed_process_has_half_written_is_written_again(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    classifier, out = make_classifier(), tmp_path / "scores.npy"
    with pytest.raises(InterruptedError):
        scoring.score(classifier, vectors, out, on_block=stop_after(1000))
    [part] = tmp_path.glob(".scores.npy.*.part")
    with part.open("ab") as file:
        file.write(b"\xff" * 999)
    assert scoring.score(classifier, vectors, out) == 1500
    assert np.load(out) == pytest.approx(classifier.predict(vectors), abs=2e-6)


def test_what_a_power_cut_has_left_empty_is_scored_again(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    classifier, out = make_classifier(), tmp_path / "scores.npy"
    with pytest.raises(InterruptedError):
        scoring.score(classifier, vectors, out, on_block=stop_after(2000))
    [part] = tmp_path.glob(".scores.npy.*.part")
    content = part.read_bytes()
    part.write_bytes(content[:6000] + bytes(len(content) - 6000))
    assert scoring.score(classifier, vectors, out) == 1500
    assert np.load(out) == pytest.approx(classifier.predict(vectors), abs=2e-6)


def test_a_file_that_is_not_ours_is_begun_anew(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    classifier, out = make_classifier(), tmp_path / "scores.npy"
    (tmp_path / f".scores.npy.{classifier.version}.part").write_bytes(b"something else")
    assert scoring.score(classifier, vectors, out) == N
    assert np.load(out) == pytest.approx(classifier.predict(vectors), abs=2e-6)


def test_no_probability_is_zero() -> None:
    assert (make_classifier().probabilities(np.array([-1e30, -100, 0], np.float32)) > 0).all()


def test_another_classifier_does_not_go_on_with_these_scores(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    with pytest.raises(InterruptedError):
        scoring.score(make_classifier(), vectors, tmp_path / "scores.npy", on_block=stop_after(1000))
    assert scoring.score(make_classifier(strength=9.0), vectors, tmp_path / "scores.npy") == N


def test_fewer_rows_may_be_kept(vectors: NDArray[np.float16], tmp_path: Path) -> None:
    classifier, out = make_classifier(), tmp_path / "scores.npy"
    with pytest.raises(InterruptedError):
        scoring.score(classifier, vectors, out, on_block=stop_after(2000))
    assert scoring.score(classifier, vectors, out, start=1000) == 1500
    assert np.load(out) == pytest.approx(classifier.predict(vectors), abs=2e-6)


def test_no_rows_are_an_empty_file(tmp_path: Path) -> None:
    assert scoring.score(make_classifier(), np.empty((0, 24), np.float16), tmp_path / "scores.npy") == 0
    assert np.load(tmp_path / "scores.npy").shape == (0,)


@pytest.mark.parametrize("head", ["logistic", "mlp", "trees"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_refused(head: str, value: float, tmp_path: Path) -> None:
    rows = make_tiles(1500)[0].astype(np.float16)
    rows[1200, 3] = value
    with pytest.raises(BadVectors, match="from row 1000 on"):
        scoring.score(make_classifier(head=head), rows, tmp_path / "scores.npy")


def test_vectors_of_another_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadVectors, match="have 7 numbers, this classifier looks at 24"):
        scoring.score(make_classifier(), np.zeros((5, 7), np.float16), tmp_path / "scores.npy")


def test_a_histogram_counts_every_score_once() -> None:
    scores = np.array([0, 0.0049, 0.005, 0.5, 1.0], np.float32)
    counts = scoring.histogram(scores)
    assert (counts[0], counts[1], counts[100], counts[199], counts.sum()) == (2, 1, 1, 1, 5)


def test_a_histogram_goes_through_all_blocks() -> None:
    assert scoring.histogram(np.full(3500, 0.3, np.float32), bins=10).tolist() == [0, 0, 0, 3500, *[0] * 6]
