"""A folder of images embedded: what is done stays done, what cannot be read is listed, any number of bands."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image

from ml import encoders, images
from ml.embed import embed_folder, tile_of
from ml.embedding import Pace
from ml.encoders import Encoder
from ml.encoders.entry import Entry
from ml.errors import BadImage
from ml.shards import Shard
from tests.ml.making import content, make_images, small_disk

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


class Means(Encoder):
    """Sees any number of bands; a vector is the mean of each, and a constant."""

    size = 8

    def __init__(self, bands: int = 3, stretch: list[tuple[float, float]] | None = None) -> None:
        config = {"name": "means", "version": "1", "licence": "none", "bands": bands}
        super().__init__(Entry(Path("means"), config, f"{bands:016}"))
        self.stretch, self.seen = stretch, 0

    @property
    def dim(self) -> int:
        return self.bands + 1

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        self.seen += len(images)
        return np.column_stack([images.mean(axis=(1, 2)), np.full(len(images), 50)])


def pictures(folder: Path, count: int = 12) -> Path:
    folder.mkdir()
    for i, image in enumerate(make_images(count, 40)):
        Image.fromarray(image).save(folder / f"{i:02}.png")
    return folder


def geotiff(path: Path, data: NDArray[Any]) -> Path:
    """data: (bands, h, w)"""
    bands, height, width = data.shape
    with rasterio.open(path, "w", "GTiff", width, height, bands, dtype=data.dtype) as file:
        file.write(data)
    return path


def test_a_finished_folder_is_not_embedded_again(tmp_path: Path) -> None:
    folder, encoder = pictures(tmp_path / "in"), Means()
    first = embed_folder(folder, tmp_path / "out", encoder)
    again = embed_folder(folder, tmp_path / "out", encoder)
    assert (first.done_before, again.done_before, encoder.seen) == (False, True, 12)
    assert again.shard == first.shard


def test_a_finished_folder_still_tells_what_it_left_out(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in")
    (folder / "03.png").write_text("no")
    first = embed_folder(folder, tmp_path / "out", Means())
    assert embed_folder(folder, tmp_path / "out", Means()).refused == first.refused
    assert list(first.refused) == ["03.png"]


def test_changed_images_are_not_taken_for_those_that_are_done(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in")
    embed_folder(folder, tmp_path / "out", Means())
    os.utime(folder / "03.png", (1, 1))
    with pytest.raises(FileExistsError, match="other images"):
        embed_folder(folder, tmp_path / "out", Means())


def test_another_encoders_shard_is_not_overwritten(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in")
    embed_folder(folder, tmp_path / "out", Means())
    with pytest.raises(FileExistsError, match="another encoder"):
        embed_folder(folder, tmp_path / "out", encoders.load(encoders.builtin()["colour"]))


def test_cores_change_no_byte(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in")
    for name, pace in (("a", Pace(1, 1, 16)), ("b", Pace(4, 3, 16))):
        embed_folder(folder, tmp_path / name, encoders.load(encoders.builtin()["colour"]), pace=pace)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_what_was_refused_before_an_interruption_is_listed_after_it(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", 40)
    (folder / "01.png").write_text("no")

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_folder(folder, tmp_path / "out", Means(), pace=Pace(1, 1, 16), on_progress=stop)
    assert list(embed_folder(folder, tmp_path / "out", Means()).refused) == ["01.png"]


def test_more_than_a_share_of_unreadable_files_stops_it(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in")
    for i in range(4):
        (folder / f"{i:02}.png").write_text("no")
    with pytest.raises(BadImage, match="4 of the 12 images .* allow more with --most-refused"):
        embed_folder(folder, tmp_path / "out", Means(), most_refused=0.3)
    assert len(embed_folder(folder, tmp_path / "out", Means(), most_refused=0.4).refused) == 4


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    folder, encoder = pictures(tmp_path / "in", 200), encoders.load(encoders.builtin()["colour"])
    with small_disk(tmp_path / "disk", 120_000) as disk:
        with pytest.raises(OSError, match="No space|too large"):
            embed_folder(folder, disk / "out", encoder, pace=Pace(1, 1, 16))
        assert not (disk / "out").exists()
        kept = (disk / ".out.work" / "vectors.part").stat().st_size
    assert kept >= 16 * 512 * 2


def test_geotiffs_of_other_bands_are_read_band_by_band(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    bands = np.arange(5, dtype=np.uint8)[:, None, None] * 40 + np.zeros((5, 16, 16), np.uint8)
    geotiff(tmp_path / "in" / "a.tif", bands)
    geotiff(tmp_path / "in" / "b.tif", bands[:2])
    done = embed_folder(tmp_path / "in", tmp_path / "out", Means(bands=5))
    vector = Shard.open(tmp_path / "out").vectors[0].astype(float)
    np.testing.assert_allclose(vector / vector[-1] * 50, [0, 40, 80, 120, 160, 50], rtol=0.01)
    assert done.refused == {"b.tif": "It has 2 bands instead of 5."}


def test_deep_geotiffs_take_the_encoders_stretch(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "deep.tif", np.full((3, 16, 16), 3000, np.uint16))
    assert tile_of(path, 8, 3, [[2000.0, 4000.0]] * 3).tolist() == np.full((8, 8, 3), 128).tolist()


def test_deep_geotiffs_are_stretched_alike_where_the_encoder_has_no_stretch(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for i, value in enumerate((1000, 2000, 3000)):
        geotiff(tmp_path / "in" / f"{i}.tif", np.full((4, 16, 16), value, np.uint16))
    done = embed_folder(tmp_path / "in", tmp_path / "out", Means())
    assert done.shard["stretch"] == [[1000.0, 3000.0]] * 3
    assert np.diff(Shard.open(tmp_path / "out").vectors[:, 0].astype(float)).min() > 0


def test_photographs_are_decoded_no_larger_than_is_looked_at() -> None:
    file = io.BytesIO()
    Image.fromarray(make_images(1, 512)[0]).save(file, "JPEG")
    small, whole = images.decode(file.getvalue(), enough=100), images.decode(file.getvalue())
    assert (small.shape, whole.shape) == ((128, 128, 3), (512, 512, 3))
    assert np.abs(images.resize(whole[None], 128)[0].astype(int) - small).mean() < 2
