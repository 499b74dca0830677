"""python -m ml.embed and python -m ml.index, as a researcher calls them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ml.shards import Shard
from tests.ml.making import content, make_entry, make_images, make_shard


def call(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Five pictures, one of them below a sub-folder, and two files that are none."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for i, image in enumerate(make_images(5, 40)):
        Image.fromarray(image).save(tmp_path / "in" / ("deep" if i == 4 else "") / f"{i}.png")
    (tmp_path / "in" / "liar.png").write_text("I am a text")
    (tmp_path / "in" / "notes.txt").write_text("not looked at")
    return tmp_path / "in"


@pytest.fixture
def embedded(pictures: Path, tmp_path: Path) -> Path:
    done = call("ml.embed", pictures, "--out", tmp_path / "out", "--encoder", "colour")
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


def test_embed_makes_a_shard_and_names_what_it_left_out(pictures: Path, tmp_path: Path) -> None:
    done = call("ml.embed", pictures, "--out", tmp_path / "out", "--encoder", "colour")
    assert (done.returncode, "liar.png: This is not an image" in done.stderr) == (0, True)
    names = Shard.open(tmp_path / "out").column("name").tolist()
    assert names == ["0.png", "1.png", "2.png", "3.png", "deep/4.png"]


def test_embed_answers_scripts_in_json(pictures: Path, tmp_path: Path) -> None:
    answer = json.loads(call("ml.embed", pictures, "--out", tmp_path / "out", "--encoder", "colour", "--json").stdout)
    assert (answer["shard"]["count"], list(answer["refused"])) == (5, ["liar.png"])


def test_embed_uses_the_default_encoder(pictures: Path, tmp_path: Path) -> None:
    assert call("ml.embed", pictures, "--out", tmp_path / "out").returncode == 0
    assert Shard.open(tmp_path / "out").meta["encoder"] == "mobilenet-colour"


def test_embed_takes_the_folder_of_an_encoder(pictures: Path, tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "mine")
    assert call("ml.embed", pictures, "--out", tmp_path / "out", "--encoder", folder).returncode == 0


def test_an_interrupted_embed_goes_on_and_ends_the_same(pictures: Path, tmp_path: Path, embedded: Path) -> None:
    for i, image in enumerate(make_images(400, 40, seed=5)):
        Image.fromarray(image).save(pictures / f"more{i:03}.png")
    arguments = [sys.executable, "-m", "ml.embed", str(pictures), "--encoder", "colour", "--out"]
    with subprocess.Popen([*arguments, str(tmp_path / "a")], stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / ".a.work" / "progress.json").exists():
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "a").exists()
    for name in "ab":
        subprocess.run([*arguments, str(tmp_path / name)], check=True, capture_output=True)
    assert content(tmp_path / "a") == content(tmp_path / "b")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--out", "out"], "no images"),
        ([".", "--out", "."], "exists already"),
        ([".", "--out", "out", "--encoder", "nobody"], "not a model store entry"),
        ([], "required"),
    ],
)
def test_embed_refuses_bad_input_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    done = call("ml.embed", *arguments)
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_embed_of_files_that_are_all_no_images_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no")
    done = call("ml.embed", tmp_path, "--out", tmp_path / "out", "--encoder", "colour")
    assert (done.returncode, "None of the 1 images" in done.stderr) == (2, True)


def test_index_finds_the_lookalikes_of_an_image(embedded: Path, pictures: Path) -> None:
    found = json.loads(call("ml.index", embedded, "--query", pictures / "3.png", "-k", 2, "--json").stdout)
    assert (found[0]["name"], len(found)) == ("3.png", 2)
    assert found[0]["score"] == pytest.approx(1, abs=1e-3)


def test_index_prints_scores_and_names(embedded: Path, pictures: Path) -> None:
    assert call("ml.index", embedded, "--query", pictures / "3.png").stdout.startswith("1.000  3.png\n")


def test_index_rebuilds_and_says_what_it_reaches(embedded: Path) -> None:
    done = call("ml.index", embedded, "--engine", "faiss")
    assert (done.returncode, "With 5 tiles every search compares all of them" in done.stdout) == (0, True)
    assert json.loads(call("ml.index", embedded, "--json").stdout) == {"engine": "scan", "recall": 1.0}


def test_index_of_a_damaged_shard_fails_with_exit_code_1(tmp_path: Path) -> None:
    folder = make_shard(tmp_path / "s", 5).folder
    (folder / "vectors.npy").write_bytes(b"")
    done = call("ml.index", folder)
    assert (done.returncode, "vectors.npy is damaged" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_query_with_another_encoder_is_refused(embedded: Path, pictures: Path, tmp_path: Path) -> None:
    other = make_entry(tmp_path / "other", version="2")
    done = call("ml.index", embedded, "--query", pictures / "3.png", "--encoder", other)
    assert (done.returncode, "made by colour" in done.stderr) == (2, True)


@pytest.mark.parametrize(("option", "value"), [("-k", 0), ("--engine", "scann")])
def test_index_refuses_what_makes_no_sense(embedded: Path, option: str, value: object) -> None:
    assert call("ml.index", embedded, option, value).returncode == 2


@pytest.mark.parametrize("module", ["ml.embed", "ml.index"])
def test_help_explains(module: str) -> None:
    done = call(module, "--help")
    assert (done.returncode, f"python -m {module}" in done.stdout) == (0, True)
