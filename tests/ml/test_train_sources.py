"""From files to the cache: photographs, maps of any number of bands, and what cannot be read."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from ml import command
from ml.errors import BadTraining
from ml.train import __main__ as line
from ml.train import sources
from tests.ml.training import TINY, kinds


def photographs(folder: Path, count: int = 4, side: int = 40) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, tile in enumerate(kinds(count, side)[0]):
        Image.fromarray(tile).save(folder / f"{number}.png")
    return folder


def raster(path: Path, array: np.ndarray, degrees: float = 0.01, west: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "count": len(array), "height": array.shape[1], "width": array.shape[2]}
    with rasterio.open(
        path, "w", **profile, dtype=array.dtype, crs="EPSG:4326", transform=from_origin(west, 50, degrees, degrees)
    ) as file:
        file.write(array)
    return path


def deep(side: int = 40, bands: int = 13, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(500, 9000, (bands, side, side), np.uint16)


def test_photographs_of_mixed_sizes_become_squares(tmp_path: Path) -> None:
    photographs(tmp_path / "in")
    Image.new("RGB", (90, 30), (200, 0, 0)).save(tmp_path / "in" / "wide.jpg")
    packed = sources.pack(tmp_path / "in", tmp_path / "out", size=32)
    assert packed.pixels.shape == (5, 32, 32, 3)
    assert packed.names == ["0.png", "1.png", "2.png", "3.png", "wide.jpg"]
    assert packed.stretch is None


def test_corrupt_files_among_good_ones_are_counted_and_listed(tmp_path: Path) -> None:
    photographs(tmp_path / "in")
    (tmp_path / "in" / "bad.png").write_bytes(b"no image")
    (tmp_path / "in" / "cut.tif").write_bytes(b"II*\0")
    packed = sources.pack(tmp_path / "in", tmp_path / "out", size=32)
    assert len(packed) == 4
    assert set(packed.refused) == {"bad.png", "cut.tif"}


def test_too_many_corrupt_files_are_fatal_and_leave_nothing(tmp_path: Path) -> None:
    photographs(tmp_path / "in", count=1)
    for number in range(3):
        (tmp_path / "in" / f"bad{number}.jpg").write_bytes(b"no image")
    with pytest.raises(BadTraining, match="3 of 4 images .* cannot be read, the first is bad0.jpg"):
        sources.pack(tmp_path / "in", tmp_path / "out", size=32)
    assert not (tmp_path / "out").exists()


def test_thirteen_deep_bands_are_stretched_each_by_itself(tmp_path: Path) -> None:
    bands = deep()
    bands[4] = bands[4] // 10
    raster(tmp_path / "in" / "a.tif", bands)
    packed = sources.pack(tmp_path / "in", tmp_path / "out", size=40)
    assert packed.pixels.shape == (1, 40, 40, 13)
    assert packed.stretch is not None
    assert packed.stretch[4][1] < 1000 < packed.stretch[3][1]
    assert 110 < packed.pixels[..., 4].mean() < 145
    again = sources.read(tmp_path / "in" / "a.tif", 13, packed.stretch)
    np.testing.assert_array_equal(again, packed.pixels[0])


def test_files_of_other_numbers_of_bands_are_refused(tmp_path: Path) -> None:
    for number in range(3):
        raster(tmp_path / "in" / f"{number}.tif", deep(seed=number))
    raster(tmp_path / "in" / "odd.tif", deep(bands=4))
    packed = sources.pack(tmp_path / "in", tmp_path / "out", size=40)
    assert len(packed) == 3
    assert packed.refused == {"odd.tif": "It has 4 bands, most of the others have 13."}


def test_a_map_is_cut_into_tiles_and_dates_of_a_place_agree(tmp_path: Path) -> None:
    for day in ("2004-01", "2004-07"):
        raster(tmp_path / "in" / f"earth_{day}.tif", deep(side=1100, bands=3).astype(np.uint8))
    packed = sources.pack(tmp_path / "in", tmp_path / "out", size=256)
    assert len(packed) == 2 * 4 * 4
    np.testing.assert_array_equal(packed.places[:16], packed.places[16:])
    assert len(set(packed.places.tolist())) == 16
    rows, columns = packed.cells[:16, 1], packed.cells[:16, 2]
    assert (np.ptp(rows), np.ptp(columns)) == (3, 3)


def test_tiles_without_data_are_left_out(tmp_path: Path) -> None:
    array = deep(side=1100, bands=3).astype(np.uint8)
    path = raster(tmp_path / "in" / "a.tif", array)
    with rasterio.open(path, "r+") as file:
        mask = np.full((1100, 1100), 255, np.uint8)
        mask[:256] = 0
        file.write_mask(mask)
    assert len(sources.pack(tmp_path / "in", tmp_path / "out", size=256)) == 12


@pytest.mark.parametrize(("names", "same"), [
    (["a_2020-01-02.png", "a_2021-05-06.png"], True), (["20200102/a.png", "20210506/a.png"], True),
    (["a_2020-01-02.png", "b_2020-01-02.png"], False),
])  # fmt: skip
def test_names_that_differ_in_a_date_show_one_place(names: list[str], same: bool) -> None:
    first, second = map(sources.place_by_name, names)
    assert min(first, second) >= 0
    assert (first == second) is same


def test_a_name_without_a_date_shows_no_known_place() -> None:
    assert sources.place_by_name("tile-31-1234567.png") == -1


def test_a_full_disk_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs(tmp_path / "in")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(BadTraining, match="Make room"):
        sources.pack(tmp_path / "in", tmp_path / "out", size=32)


def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str) -> int:
    places = ["--work", str(tmp_path / "work"), "--store", str(tmp_path / "store"), "--json"]
    monkeypatch.setattr("sys.argv", ["ml.train", *arguments, *places])
    try:
        command.run(line.main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_line_trains_and_publishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    photographs(tmp_path / "in", count=16)
    tiny = ["--backbone", TINY, "--size", "32", "--epochs", "1", "--name", "mine", "--noise", "0", "--no-flips"]
    assert call(monkeypatch, tmp_path, str(tmp_path / "in"), *tiny) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["entry"]) == tmp_path / "store" / "mine" / "1"
    assert told["card"]["config"]["views"]["flips"] is False


def test_the_line_draws_a_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs(tmp_path / "in", count=8)
    assert call(monkeypatch, tmp_path, str(tmp_path / "in"), "--preview", str(tmp_path / "looks.png")) == 0
    assert Image.open(tmp_path / "looks.png").size[0] > 600


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], "is not a folder"), (["."], "There are no images in"), (["one"], "1 images are too few"),
    (["one", "--crop", "2", "1"], "crop must be"), (["one", "--labelled", "nowhere"], "does not exist"),
    (["one", "--backbone", "resnet19"], "too few"), (["one", "--epochs", "0"], "epochs must lie"),
])  # fmt: skip
def test_bad_calls_end_with_a_sentence(tmp_path: Path, monkeypatch, capsys, arguments: list[str], said: str) -> None:
    photographs(tmp_path / "here" / "one", count=1)
    (tmp_path / "here" / "empty").mkdir()
    folder = {"nowhere": "nowhere", ".": "empty", "one": "one"}[arguments[0]]
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, tmp_path, str(tmp_path / "here" / folder), *arguments[1:]) == 2
    assert said in capsys.readouterr().err
