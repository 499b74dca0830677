"""Labels that an encoder is taught by: where they come from, and which are held out."""

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ml.errors import BadLabels, TooFewLabels
from ml.finetune import examples
from ml.finetune.examples import Examples, held_out, read
from tests.ml.making import make_images


def picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(make_images(1, 8, seed=seed)[0]).save(path)
    return path


def folder_of(root: Path, **counts: int) -> Path:
    for name, count in counts.items():
        for i in range(count):
            picture(root / name / f"{i}.png")
    return root


def exported(root: Path) -> Path:
    """As a campaign's images.zip is, unpacked."""
    rows = ["file,key,lon,lat,label,share"]
    for i, (label, share) in enumerate([("island", 1.0), ("island", 0.75), ("other", 1.0), ("other", 0.5)]):
        picture(root / label / f"{i}.jpg")
        rows.append(f"{label}/{i}.jpg,{i},{i * 20},0,{label},{share}")
    picture(root / "unlabelled" / "9.jpg")
    rows += ["unlabelled/9.jpg,9,0,0,,", ",10,0,0,island,1.0"]
    (root / "tiles.csv").write_text("\r\n".join(rows))
    return root


def zipped(root: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as file:
        for path in root.rglob("*.*"):
            file.write(path, path.relative_to(root))
    return archive


def grouped(labels: list[int], groups: list[int]) -> Examples:
    targets = np.eye(max(labels) + 1, dtype=np.float32)[labels]
    names = [f"{i}.png" for i in range(len(labels))]
    ones = np.ones(len(labels), np.float32)
    return Examples(Path(), names, [f"c{i}" for i in range(max(labels) + 1)], targets, ones, np.array(groups))


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    found = read(folder_of(tmp_path, island=2, ocean=3), tmp_path)
    assert (found.classes, found.labels.tolist()) == (["island", "ocean"], [0, 0, 1, 1, 1])
    assert found.targets[0].tolist() == [1, 0]


def test_what_people_agreed_by_makes_labels_soft(tmp_path: Path) -> None:
    found = read(exported(tmp_path / "in"), tmp_path)
    assert found.classes == ["island", "other"]
    assert found.targets.tolist() == [[1, 0], [0.75, 0.25], [0, 1], [0.5, 0.5]]


def test_a_campaigns_zip_is_what_it_is_unpacked(tmp_path: Path) -> None:
    plain = read(exported(tmp_path / "in"), tmp_path)
    found = read(zipped(tmp_path / "in", tmp_path / "images.zip"), tmp_path / "work")
    assert (found.paths, found.targets.tolist()) == (plain.paths, plain.targets.tolist())
    assert all((found.root / path).is_file() for path in found.paths)


def test_a_zip_writes_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    image = picture(tmp_path / "one.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as file:
        for name in ("../../evil.png", "a/0.png", "a/1.png", "b/0.png", "b/1.png"):
            file.writestr(name, image)
    read(tmp_path / "images.zip", tmp_path / "deep" / "work")
    assert not list(tmp_path.glob("evil.png")) + list((tmp_path / "deep").glob("evil.png"))


def test_a_zip_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "images.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/0.png", bytes(20 * 2**20))
    with pytest.raises(BadLabels, match="refused"):
        read(tmp_path / "images.zip", tmp_path / "work")


def test_an_export_without_pictures_names_the_one_that_has_them(tmp_path: Path) -> None:
    pq.write_table(pa.table({"key": [1, 2], "label": ["a", "b"]}), tmp_path / "tiles.parquet")
    with pytest.raises(BadLabels, match="take its images.zip instead"):
        read(tmp_path / "tiles.parquet", tmp_path)


def test_a_parquet_table_of_paths_is_read(tmp_path: Path) -> None:
    folder_of(tmp_path, a=2, b=2)
    paths, labels = ["a/0.png", "a/1.png", "b/0.png", "b/1.png"], ["a", "a", "b", "b"]
    pq.write_table(pa.table({"path": paths, "label": labels, "weight": [1.0, 2.0, 1.0, 1.0]}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", tmp_path).weights.tolist() == [1, 2, 1, 1]


@pytest.mark.parametrize(
    ("counts", "error", "message"),
    [
        ({}, BadLabels, "no images in sub-folders"),
        ({"island": 3}, BadLabels, "one class 'island'"),
        ({"island": 1, "ocean": 5}, TooFewLabels, "single image of island"),
    ],
)
def test_labels_that_teach_nothing_are_refused(
    tmp_path: Path, counts: dict[str, int], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(folder_of(tmp_path, **counts), tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"path,label\n", "no line with a picture"),
        ("t.csv", b"path,label\nnowhere.png,a\n", "1 of 1 images are missing"),
        ("t.csv", b"path,label\n\xff\xfe", "not a CSV file in UTF-8"),
        ("t.parquet", b"no", "not a Parquet file"),
        ("t.zip", b"no", "not a whole zip"),
        ("t.tar", b"no", "give one of these"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadLabels, match=message):
        read(tmp_path / name, tmp_path / "work")


def test_a_share_that_is_none_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path, a=2, b=2)
    (tmp_path / "t.csv").write_text("path,label,share\na/0.png,a,2\na/1.png,a,1\nb/0.png,b,1\nb/1.png,b,1\n")
    with pytest.raises(BadLabels, match="a share must lie above 0"):
        read(tmp_path / "t.csv", tmp_path)


def test_images_of_one_folder_or_place_go_together(tmp_path: Path) -> None:
    for path in ("a/x/0.png", "a/x/1.png", "b/x/2.png", "a/y/3.png", "b/z/4.png"):
        picture(tmp_path / path)
    groups = read(tmp_path, tmp_path).groups
    by_name = dict(zip(read(tmp_path, tmp_path).paths, groups.tolist(), strict=True))
    assert by_name["a/x/0.png"] == by_name["a/x/1.png"] == by_name["b/x/2.png"]
    assert len(set(by_name.values())) == 3


def test_one_place_on_two_dates_goes_together(tmp_path: Path) -> None:
    for path in ("a/t1_2020-01-01.png", "a/t1_2021-01-01.png", "a/t2_2020-01-01.png", "b/0.png", "b/1.png"):
        picture(tmp_path / path)
    groups = read(tmp_path, tmp_path).groups
    assert groups[0] == groups[1] != groups[2]


def test_places_are_divided_as_finely_as_it_takes() -> None:
    rows = [{"path": f"{i}.png", "lon": str(i * 0.3), "lat": "0"} for i in range(3)]
    assert len(set(examples._groups(rows, np.zeros(3, int)).tolist())) == 3
    far = [{**row, "lon": str(i)} for i, row in enumerate([*rows, rows[0]])]
    assert len(set(examples._groups([*far, far[0]], np.zeros(5, int)).tolist())) == 4


def test_a_share_of_each_class_is_held_out_and_no_group_is_split() -> None:
    random = np.random.default_rng(0)
    labels, groups = random.integers(0, 3, 300).tolist(), random.integers(0, 60, 300).tolist()
    aside = held_out(grouped(labels, groups), 0.2, 0)
    assert not set(np.array(groups)[aside]) & set(np.array(groups)[~aside])
    shares = [aside[np.array(labels) == c].mean() for c in range(3)]
    assert all(0.15 < share < 0.35 for share in shares)


def test_the_same_is_held_out_every_time() -> None:
    some = grouped([0, 1] * 20, list(range(40)))
    assert (held_out(some, 0.2, 3) == held_out(some, 0.2, 3)).all()
    assert (held_out(some, 0.2, 3) != held_out(some, 0.2, 4)).any()


def test_two_of_a_class_are_one_to_learn_from_and_one_to_judge_by() -> None:
    aside = held_out(grouped([0, 0, 1, 1], [0, 1, 2, 3]), 0.2, 0)
    assert (aside[:2].sum(), aside[2:].sum()) == (1, 1)


def test_a_class_that_lies_in_one_place_cannot_be_judged() -> None:
    with pytest.raises(TooFewLabels, match="None of c1 can be held out"):
        held_out(grouped([0, 0, 0, 1, 1], [0, 1, 2, 3, 3]), 0.2, 0)
