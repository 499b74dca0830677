"""Training: it learns, it resumes where it stopped, and what comes out is an encoder with an honest card."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from ml import encoders
from ml.errors import BadTraining, TrainingDiverged
from ml.train import Update, train
from ml.train import loop as loops
from ml.train.checkpointing import CHECKPOINT
from tests.ml.training import cache, config, kinds, labelled


class Stop(Exception):
    pass


@pytest.mark.parametrize("method", ["simclr", "simsiam", "vicreg"])
def test_a_method_lowers_its_loss(tmp_path: Path, method: str) -> None:
    told: list[Update] = []
    entry = train(
        cache(tmp_path / "c"), config(method=method, epochs=4, warmup=1), tmp_path / "w", on_update=told.append
    )
    loss = json.loads((entry / "card.json").read_text())["loss"]
    assert min(loss[1:]) < loss[0]
    assert told[-1].step == told[-1].steps == 16


def test_dinos_student_learns_to_tell_its_teachers_tiles_apart(tmp_path: Path) -> None:
    """Its loss may rise: the teacher's answers spread first. So: own tiles against others'."""
    run = loops.Run(cache(tmp_path / "c"), config(method="dino", epochs=3, warmup=0), tmp_path, None, "cpu")
    list(run.updates())
    first, second = run.looks(run.pixels(0))
    own, others = (run.method.eval()([first, look]).item() for look in (second, second.roll(1, 0)))
    assert own < others


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("entry")
    return train(cache(folder / "c"), config(), folder / "w", labelled=labelled(), licence="CC0")


def test_what_comes_out_is_an_encoder(entry: Path) -> None:
    vectors = encoders.load(entry, cache=entry.parent / "cache").encode_images(kinds()[0])
    assert vectors.shape == (64, 96)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_card_says_what_there_is_to_say(entry: Path) -> None:
    card = json.loads((entry / "card.json").read_text())
    assert len(card["loss"]) == len(card["knn"]) == 2
    assert card["knn_20"] > 0.9  # colours alone tell these apart
    assert (card["images"], card["licence"], card["collapsed"]) == (64, "CC0", False)
    assert card["images_per_second"] > 0
    assert card["data"]["digest"]
    assert "threads" in card["hardware"]
    assert {"card.md", "curve.svg", "strips.png"} <= {path.name for path in entry.iterdir()}


@pytest.mark.parametrize("given", [{}, {"method": "dino"}, {"balance": 3, "pairs": "dates+neighbours"}])
def test_stopped_and_taken_up_again_it_ends_with_the_same_weights(tmp_path: Path, given: dict) -> None:
    packed, knobs = cache(tmp_path / "c"), config(epochs=3, **given)
    whole = train(packed, knobs, tmp_path / "whole")

    def stop(update: Update) -> None:
        if update.epoch == 1:
            raise Stop

    with pytest.raises(Stop):
        train(packed, knobs, tmp_path / "broken", on_update=stop)
    again = train(packed, knobs, tmp_path / "broken")
    weights, taken_up = (load_file(folder / "weights.safetensors") for folder in (whole, again))
    for name, tensor in weights.items():
        np.testing.assert_array_equal(taken_up[name], tensor)


def test_other_settings_do_not_go_on_with_a_training(tmp_path: Path) -> None:
    packed = cache(tmp_path / "c")
    train(packed, config(), tmp_path / "w")
    with pytest.raises(BadTraining, match="other settings or other imagery"):
        train(packed, config(seed=1), tmp_path / "w")


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    packed = cache(tmp_path / "c")
    train(packed, config(), tmp_path / "w")
    (tmp_path / "w" / CHECKPOINT).write_text("{")
    with pytest.raises(BadTraining, match="delete it and train anew"):
        train(packed, config(), tmp_path / "w")


def test_a_loss_that_is_no_number_stops_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loops.Run.looks
    monkeypatch.setattr(loops.Run, "looks", lambda self, batch: [look / (self.step < 5) for look in real(self, batch)])
    with pytest.raises(TrainingDiverged, match=r"step 6.*lower rate, such as 8e-05"):
        train(cache(tmp_path / "c"), config(), tmp_path / "w")
    assert json.loads((tmp_path / "w" / CHECKPOINT).read_text())["step"] == 4


def test_without_enough_memory_the_pieces_halve_and_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, seen = loops.Run.forward_backward, []

    def hungry(self: loops.Run, batch: object) -> float:
        seen.append(self.pieces)
        if self.pieces < 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.")
        return whole(self, batch)

    monkeypatch.setattr(loops.Run, "forward_backward", hungry)
    entry = train(cache(tmp_path / "c"), config(), tmp_path / "w")
    assert seen[:4] == [1, 2, 4, 4]
    assert json.loads((entry / "card.json").read_text())["pieces"] == 4


def test_not_even_two_images_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: loops.Run, batch: object) -> float:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(loops.Run, "forward_backward", never)
    with pytest.raises(BadTraining, match="smaller size or backbone"):
        train(cache(tmp_path / "c"), config(), tmp_path / "w")


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed, saved = cache(tmp_path / "c"), []
    from ml.train import checkpointing

    def full(tensors: object, path: Path) -> None:
        if saved:
            raise OSError(28, "No space left on device")
        saved.append(path)
        real(tensors, path)

    real = checkpointing.save_file
    monkeypatch.setattr(checkpointing, "save_file", full)
    with pytest.raises(BadTraining, match="disk is full"):
        train(packed, config(), tmp_path / "w")
    assert json.loads((tmp_path / "w" / CHECKPOINT).read_text())["step"] == 4
    assert saved[0].is_file()


def test_patience_keeps_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.5, 0.9, 0.6, 0.7, 0.8, 0.95, 0.2, 0.2])
    monkeypatch.setattr(loops.watching, "knn_score", lambda vectors, labelled: (next(scores), 0.0))
    told: list[Update] = []
    knobs = config(epochs=6, patience=2)
    train(cache(tmp_path / "c"), knobs, tmp_path / "w", on_update=told.append, labelled=labelled())
    assert told[-1].epoch == 4
    assert json.loads((tmp_path / "w" / CHECKPOINT).read_text())["best"] == [0.9, 2]


@pytest.mark.parametrize(("given", "message"), [
    ({"size": 64}, "cache holds images of 32 px"),
    ({"patience": 3}, "needs the kNN score"),
    ({"backbone": "resnet19"}, "timm has no backbone 'resnet19'"),
    ({"start": "mobilenet"}, "choose mobilenetv2_100 as the backbone"),
    ({"start": "colour"}, "no single network"),
    ({"start": "nowhere"}, "Training cannot begin from 'nowhere'"),
])  # fmt: skip
def test_what_cannot_be_trained_is_refused(tmp_path: Path, given: dict, message: str) -> None:
    with pytest.raises(BadTraining, match=message):
        train(cache(tmp_path / "c"), config(**given), tmp_path / "w")


@pytest.mark.parametrize(("given", "message"), [
    ({"method": "moco"}, "method must be one of"),
    ({"epochs": 0}, "epochs must lie between"),
    ({"batch": 1}, "at least two images"),
    ({"speed": 3}, "no setting speed"),
    ({"views": {"zoom": 1}}, "no setting zoom"),
    ({"epochs": "many"}, "wrong type"),
])  # fmt: skip
def test_impossible_settings_are_refused(given: dict, message: str) -> None:
    with pytest.raises(BadTraining, match=message):
        config(**given)


def test_a_handful_of_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTraining, match="4 images are too few"):
        train(cache(tmp_path / "c", count=4), config(), tmp_path / "w")


def test_thirteen_bands_train_and_begin_from_three(tmp_path: Path) -> None:
    rgb = train(cache(tmp_path / "c"), config(epochs=1), tmp_path / "w")
    many = train(cache(tmp_path / "m", bands=13), config(epochs=1, start=str(rgb)), tmp_path / "v")
    told = json.loads((many / "encoder.json").read_text())
    assert (told["bands"], len(told["mean"]), told["trained"]["from"]) == (13, 13, encoders.load(rgb).fingerprint)
    assert encoders.load(many, cache=tmp_path).encode_images(kinds(bands=13)[0]).shape == (64, 96)


def test_a_network_that_sees_nothing_is_called_collapsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        loops.Run, "embed", lambda self, pixels: np.tile([1.0, 0.0], (len(pixels), 1)).astype("float32")
    )
    entry = train(cache(tmp_path / "c"), config(), tmp_path / "w")
    assert json.loads((entry / "card.json").read_text())["collapsed"] is True
    assert "**Collapsed**" in (entry / "card.md").read_text()
