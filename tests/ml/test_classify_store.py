"""A classifier's folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.classify import Classifier
from ml.classify.classifier import DESCRIPTION, WEIGHTS
from ml.errors import BadClassifier, BadVectors
from tests.ml.learning import make_classifier, make_tiles


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    make_classifier().save(tmp_path / "islands" / "1")
    return tmp_path / "islands" / "1"


@pytest.mark.parametrize("head", ["logistic", "mlp", "trees"])
def test_a_classifier_comes_back_as_it_was(head: str, tmp_path: Path) -> None:
    before = make_classifier(head=head)
    before.save(tmp_path / "it")
    after = Classifier.load(tmp_path / "it")
    features = make_tiles(50, seed=3)[0]
    assert (after.predict(features) == before.predict(features)).all()
    assert (after.version, after.config, after.metrics) == (before.version, before.config, before.metrics)
    assert (after.held_out == before.held_out).all()


def test_a_version_is_never_changed(saved: Path) -> None:
    before = (saved / WEIGHTS).read_bytes()
    with pytest.raises(FileExistsError, match="exists already"):
        make_classifier(strength=3.0).save(saved)
    assert (saved / WEIGHTS).read_bytes() == before


def test_nothing_but_the_two_files_is_left(saved: Path) -> None:
    assert sorted(path.name for path in saved.parent.rglob("*") if path.is_file()) == [DESCRIPTION, WEIGHTS]


def test_the_description_can_be_read_by_people(saved: Path) -> None:
    told = json.loads((saved / DESCRIPTION).read_text())
    assert {"config", "metrics", "labels_digest", "sources", "version", "dim"} <= set(told)


@pytest.mark.parametrize("name", [DESCRIPTION, WEIGHTS])
def test_a_changed_byte_is_noticed(name: str, saved: Path) -> None:
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(BadClassifier, match="is damaged"):
        Classifier.load(saved)


@pytest.mark.parametrize("name", [DESCRIPTION, WEIGHTS])
def test_a_file_cut_short_is_noticed(name: str, saved: Path) -> None:
    (saved / name).write_bytes((saved / name).read_bytes()[:-20])
    with pytest.raises(BadClassifier, match="is damaged"):
        Classifier.load(saved)


def test_missing_weights_are_noticed(saved: Path) -> None:
    (saved / WEIGHTS).unlink()
    with pytest.raises(BadClassifier, match="it is missing"):
        Classifier.load(saved)


def test_a_folder_that_is_no_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadClassifier, match="is not a classifier"):
        Classifier.load(tmp_path)


def test_a_description_without_what_is_needed_is_refused(saved: Path) -> None:
    from ml.classify.classifier import _own_sum

    told = json.loads((saved / DESCRIPTION).read_text())
    del told["slope"]
    (saved / DESCRIPTION).write_text(json.dumps({**told, "sha256": _own_sum(told)}))
    with pytest.raises(BadClassifier, match="lacks 'slope'"):
        Classifier.load(saved)


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(BadVectors, match=r"shape \(3, 5\)"):
        make_classifier().predict(np.zeros((3, 5), np.float32))


def test_vectors_that_are_not_finite_are_refused() -> None:
    with pytest.raises(BadVectors, match="not a number"):
        make_classifier().predict(np.full((3, 24), np.inf, np.float32))
