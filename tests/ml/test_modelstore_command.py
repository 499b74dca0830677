"""python -m ml.modelstore: what people and scripts see, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ml import command, modelstore
from ml.modelstore.__main__ import main
from tests.ml.making import make_entry

CARD = {"method": "simclr", "loss": [3.0, 2.0, 1.5], "precision_10": 0.81, "effective_rank": 31.5, "collapsed": False}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """mine/1 and mine/2, with cards."""
    for number, precision in enumerate((0.6, 0.9)):
        folder = make_entry(tmp_path / f"e{number}", kind="colour", source=f"test {number}")
        (folder / "card.json").write_text(json.dumps(CARD | {"precision_10": precision, "config": {"epochs": number}}))
        modelstore.publish(folder, tmp_path / "models", "mine")
    return tmp_path / "models"


@pytest.fixture
def run(models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call a command -> (exit code, what it printed, what it complained about)."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["modelstore", words[0], "--store", str(models), *words[1:]])
        monkeypatch.setenv("COLUMNS", "140")
        try:
            command.run(main)
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        return (code, *capsys.readouterr())

    return call


def test_the_list_shows_what_comes_along_and_what_is_ours(run: Any) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert all(words in out for words in ("mine/2", "mobilenet-colour", "built in"))


def test_a_script_can_read_the_list(run: Any) -> None:
    told = {one["reference"]: one for one in json.loads(run("list", "--json")[1])}
    assert (told["mine/2"]["numbers"]["precision_10"], told["mine/2"]["comes_with"]) == (0.9, False)
    assert told["mobilenet-colour"]["dim"] == 256


def test_the_card_is_in_words(run: Any) -> None:
    _, out, _ = run("show", "mine")
    assert all(words in out for words in ("mine/2", "Right among the first 10", "3 → 1.5"))


def test_a_collapsed_encoder_is_called_so(run: Any, models: Path, tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "bad")
    (folder / "card.json").write_text(json.dumps({"collapsed": True}))
    modelstore.publish(folder, models, "bad")
    assert "COLLAPSED" in run("show", "bad")[1]


def test_comparing_tells_the_better_and_what_differs(run: Any) -> None:
    found = json.loads(run("compare", "mine/1", "mine/2", "--json")[1])
    precision = next(row for row in found["numbers"] if row["key"] == "precision_10")
    assert (precision["values"], precision["best"]) == ([0.6, 0.9], 1)
    assert {row["key"] for row in found["settings"]} == {"source", "training.epochs"}
    assert "training.epochs" in run("compare", "mine/1", "mine/2")[1]


def test_promoting_and_retiring(run: Any, models: Path) -> None:
    assert "mine means mine/1" in run("promote", "mine/1")[1]
    assert modelstore.find(models, "mine").version == "1"
    run("retire", "mine/1")
    assert "mine/1" not in run("list")[1]
    assert "retired" in run("list", "--retired")[1]
    run("unretire", "mine/1")
    assert "mine/1" in run("list")[1]


def test_damage_ends_with_one(run: Any, models: Path) -> None:
    assert run("verify")[0] == 0
    (models / "mine" / "1" / "card.json").write_text("{}")
    code, out, _ = run("verify")
    assert code == 1
    assert "card.json was changed" in out


def test_download_then_upload(run: Any, models: Path, tmp_path: Path) -> None:
    assert "mine-2.zip" in run("download", "mine/2", "--out", str(tmp_path))[1]
    assert "theirs/1 is in the store" in run("upload", str(tmp_path / "mine-2.zip"), "--name", "theirs")[1]
    assert run("download", "mine/2", "--out", str(tmp_path))[0] == 2  # it would overwrite


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "nobody"), "no encoder 'nobody'"),
        (("promote", "mine"), "Say which version"),
        (("promote", "mine/9"), "There is no mine/9"),
        (("retire", "colour/1"), "comes with Lookalike"),
        (("compare", "mine/1"), "two encoders or more"),
        (("upload", "/nowhere.zip"), "There is no /nowhere.zip"),
    ],
)
def test_a_wrong_call_ends_with_two_and_a_sentence(run: Any, words: tuple[str, ...], message: str) -> None:
    code, _, said = run(*words)
    assert (code, said.count("\n")) == (2, 1)
    assert message in said


def test_it_runs_as_a_module(models: Path) -> None:
    words = [sys.executable, "-m", "ml.modelstore", "list", "--store", str(models), "--json"]
    assert "mine/1" in subprocess.run(words, capture_output=True, text=True, check=True).stdout
