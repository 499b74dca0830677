"""An encoder that labels have taught: what changes, what does not, what it says of itself."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch.nn.functional import log_softmax

from ml import encoders
from ml.errors import BadEncoder, BadLabels, BadTraining, TrainingDiverged
from ml.finetune import Tuning, networks, read
from ml.finetune import __main__ as command_line
from ml.finetune.loop import Job, class_weights
from ml.finetune.measuring import judge
from ml.finetune.packing import packed
from ml.finetune.running import finetune
from ml.train import backbones, export
from tests.ml.making import make_entry, tiny_clip

SIZE = 32
EAGER = Tuning(epochs=3, batch=8, rate=3e-3, pull=0.0, dim=8, seed=1)
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def stripes(count: int, bands: int = 3) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(count, SIZE, SIZE, bands) and labels: 1 where the stripes are narrow; how they lie tells nothing."""
    random, labels = np.random.default_rng(0), np.arange(count) % 2
    steps = np.where(labels, 1.4, 0.5)[:, None] * np.arange(SIZE) + random.uniform(0, 6, (count, 1))
    square = np.broadcast_to((127 + 100 * np.sin(steps))[:, None, :], (count, SIZE, SIZE))
    return np.repeat(square[..., None], bands, axis=3).astype(np.uint8), labels


def entry_of(folder: Path, bands: int = 3, **config: Any) -> Path:
    """A tiny network as python -m ml.train leaves it, with random weights."""
    torch.manual_seed(0)
    module = backbones.build("test_resnet", bands=bands, size=SIZE)
    facts = {"name": folder.name, "version": "1", "kind": "ssl", "licence": "none", "architecture": "test_resnet",
             "bands": bands, "size": SIZE, "mean": [0.5] * bands, "std": [0.25] * bands, "stretch": None}  # fmt: skip
    export.write_entry(folder, module.state_dict(), {**facts, **config})
    return folder


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return entry_of(tmp_path_factory.mktemp("store") / "tiny")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of pictures of two sizes, and one file that is none."""
    root = tmp_path_factory.mktemp("labelled")
    for i, (image, label) in enumerate(zip(*stripes(40), strict=True)):
        folder = root / ("narrow" if label else "wide")
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).resize((48, 48) if i % 3 else (32, 40)).save(folder / f"{i}.png")
    (root / "wide" / "bad.png").write_text("no")
    return root


def taught(base: Path, labelled: Path, work: Path, tuning: Tuning, of: str | None = None) -> Path:
    encoder = encoders.load(base, cache=work / "cache", device="cpu")
    cache, examples = packed(read(labelled, work), encoder, work)
    return finetune(base, of, cache, examples, tuning, work, device="cpu")


def job(base: Path, tuning: Tuning, work: Path | None = None, bands: int = 3) -> Job:
    images, labels = stripes(24, bands)
    parts = np.arange(4, 24), np.arange(4)
    return Job(networks.open_network(base), images, np.eye(2)[labels], np.ones(24), parts, tuning, "cpu", work)


def changed(before: Path, after: Path) -> set[str]:
    old, new = (load_file(folder / "weights.safetensors") for folder in (before, after))
    assert old.keys() == new.keys()
    return {name for name in old if not torch.equal(old[name].float(), new[name].float())}


def test_part_of_a_network_is_taught_and_the_card_tells_it(entry: Path, labelled: Path, tmp_path: Path) -> None:
    out = taught(entry, labelled, tmp_path, EAGER)
    card = json.loads((out / "card.json").read_text())
    assert card["loss"][card["epochs"]] < card["loss"][0]
    assert (card["data"]["refused"], card["images"], len(card["loss"])) == (1, 40, 4)
    assert np.sum(card["confusion"]) == card["held_out"] == 8
    assert all(name.startswith("layer4.") for name in changed(entry, out))
    assert {path.name for path in out.iterdir()} >= {"card.md", "curve.svg", "strips.png"}


def test_the_whole_network_is_taught(entry: Path, tmp_path: Path) -> None:
    course, best = job(entry, replace(EAGER, mode="full")).run()
    assert course.best > 0
    networks.write(networks.open_network(entry), best, tmp_path / "out")
    assert "conv1.0.weight" in changed(entry, tmp_path / "out") or "conv1.weight" in changed(entry, tmp_path / "out")


def test_a_frozen_encoder_of_any_kind_gets_a_projection(labelled: Path, tmp_path: Path) -> None:
    colour = encoders.builtin()["colour"]
    out = taught(colour, labelled, tmp_path, replace(EAGER, mode="frozen", epochs=10), of="colour")
    found = encoders.load(out)
    assert (found.dim, found.encode_images(stripes(3)[0]).shape) == (8, (3, 8))
    assert json.loads((out / "card.json").read_text())["mode"] == "frozen"


def test_the_image_tower_of_a_clip_is_taught_and_leaves_its_words_behind(tmp_path: Path) -> None:
    base = tiny_clip(tmp_path / "clip")
    _, best = job(base, replace(EAGER, epochs=1)).run()
    networks.write(networks.open_network(base), best, tmp_path / "out")
    found = encoders.load(tmp_path / "out", cache=tmp_path / "cache", device="cpu")
    assert (found.has_text, found.encode_images(stripes(2)[0]).shape) == (False, (2, 24))


def test_imagery_of_other_bands_is_learnt_from(tmp_path: Path) -> None:
    base, root = entry_of(tmp_path / "five", bands=5), tmp_path / "in"
    for i, (image, label) in enumerate(zip(*stripes(12, 5), strict=True)):
        path = root / str(label) / f"{i}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(path, "w", "GTiff", SIZE, SIZE, 5, dtype="uint8") as file:
            file.write(image.transpose(2, 0, 1))
    Image.fromarray(stripes(1)[0][0]).save(root / "0" / "photograph.png")
    card = json.loads((taught(base, root, tmp_path, replace(EAGER, epochs=1)) / "card.json").read_text())
    assert (card["images"], card["data"]["refused"]) == (12, 1)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kind": "colour"}, "computed, not learned"),
        ({"kind": "onnx"}, "came as an ONNX file"),
        ({"kind": "reduced", "of": "colour"}, "projection of another encoder"),
        ({"kind": "joined", "parts": [{"entry": "mobilenet"}, {"entry": "colour"}]}, r"\(colour, mobilenet\).*frozen"),
    ],
)
def test_what_cannot_be_trained_says_what_to_take(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    with pytest.raises(BadEncoder, match=message):
        networks.open_network(make_entry(tmp_path / "one", **config))


def test_the_loss_is_cross_entropy_with_soft_targets_and_classes_that_weigh_the_same(entry: Path) -> None:
    one = job(entry, EAGER)
    one.targets[:] = torch.rand(24, 2, generator=torch.Generator().manual_seed(0)).softmax(dim=1)
    rows, weights = np.arange(5), class_weights(one.targets, one.weights)
    one.balance = one.targets @ weights
    chances = log_softmax(one.head(one.features(rows)), dim=1)
    by_hand = [-(t * c).sum() * (t @ weights) for t, c in zip(one.targets[:5], chances, strict=True)]
    torch.testing.assert_close(one._loss(one.features(rows), rows), torch.stack(by_hand))
    torch.testing.assert_close((one.targets * weights).sum(dim=0), torch.full((2,), 12.0))


def test_a_training_that_was_stopped_goes_on_and_ends_the_same(entry: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    course, undisturbed = job(entry, EAGER).run()
    with pytest.raises(KeyboardInterrupt):
        job(entry, EAGER, tmp_path).run(stop)
    again, resumed = job(entry, EAGER, tmp_path).run()
    assert again.loss == course.loss
    assert all(torch.equal(undisturbed[name], resumed[name]) for name in undisturbed)


def test_other_settings_begin_anew(entry: Path, tmp_path: Path) -> None:
    job(entry, EAGER, tmp_path).run()
    assert len(job(entry, replace(EAGER, epochs=1), tmp_path).run()[0].taught) == 1


def test_it_stops_when_nothing_gets_better(entry: Path) -> None:
    course, _ = job(entry, replace(EAGER, epochs=9, patience=2, rate=1e-9, head_rate=10.0)).run()
    assert len(course.taught) - course.best == 2


def test_a_loss_that_is_no_number_stops_it_with_advice(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "_forward_backward", lambda *_: float("nan"))
    with pytest.raises(TrainingDiverged, match="lower rate, such as 0.0003"):
        job(entry, EAGER).run()


def test_too_little_memory_halves_what_is_worked_on_at_once(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sizes = Job.features, list[int]()

    def cramped(self: Job, rows: Any, random: Any = None) -> Any:
        if len(rows) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        sizes.append(len(rows))
        return real(self, rows, random)

    monkeypatch.setattr(Job, "features", cramped)
    course, _ = job(entry, replace(EAGER, epochs=1)).run()
    assert (max(sizes), len(course.taught)) == (2, 1)


def test_too_little_memory_for_one_image_says_what_to_do(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = job(entry, EAGER)
    error = RuntimeError("can't allocate memory")
    monkeypatch.setattr(Job, "features", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(BadTraining, match="smaller network"):
        one.run()


def test_more_than_a_share_of_unreadable_files_is_refused(entry: Path, labelled: Path, tmp_path: Path) -> None:
    encoder = encoders.load(entry, cache=tmp_path)
    with pytest.raises(BadLabels, match=r"1 of 41 images .* wide/bad.png: .* --most-refused"):
        packed(read(labelled, tmp_path), encoder, tmp_path, most_refused=0.01)


def test_images_are_decoded_once(entry: Path, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = encoders.load(entry, cache=tmp_path)
    first, _ = packed(read(labelled, tmp_path), encoder, tmp_path)
    monkeypatch.setattr("ml.finetune.packing.tile_of", lambda *_: 1 / 0)
    again, examples = packed(read(labelled, tmp_path), encoder, tmp_path)
    assert (again.digest, len(examples)) == (first.digest, 40)


def test_neighbours_tell_the_class() -> None:
    known = np.eye(2, dtype=np.float32)[[0] * 30 + [1] * 30]
    asked = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    found = judge(known, np.repeat([0, 1], 30), asked, np.array([0, 1, 1]))
    assert (found.knn, found.precision, found.confusion.tolist()) == (0.75, 0.75, [[1, 0], [1, 1]])


def test_one_line_puts_it_into_the_store(
    entry: Path, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["finetune", str(labelled), "--from", str(entry), "--store", str(tmp_path / "store"), "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", [*line, "--work", str(tmp_path / "work"), "--name", "mine", "--json"])
    command_line.main()
    told = json.loads(capsys.readouterr().out)
    assert told["entry"] == str(tmp_path / "store" / "mine" / "1")
    assert list(told["refused"]) == ["wide/bad.png"]
    assert encoders.load(Path(told["entry"]), cache=tmp_path, device="cpu").version == "1"
