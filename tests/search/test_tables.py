"""Columns that people bring: read, joined, kept and asked for."""

import datetime
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from search import frames, galleries, importing, tables
from search.errors import BadQuery, BadTable, NotIndexed
from search.intake.items import Item
from search.models import Dataset, Table
from search.tables import kinds, reading
from tests.factories import make_gallery, make_map, picture_bytes


def csv(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def some_keys(dataset: Dataset, count: int = 3) -> list[int]:
    return np.sort(frames.opened(dataset).keys)[:count].tolist()


def rows(dataset: Dataset, header: str, *cells: str) -> str:
    """A CSV whose first column is the keys of the first tiles."""
    keys = some_keys(dataset, len(cells))
    return "\n".join([header, *(f"{key},{rest}" for key, rest in zip(keys, cells, strict=True))]) + "\n"


def column(dataset: Dataset, name: str) -> tables.asking.Column:
    return next(one for one in tables.columns_of(dataset) if one.name == name)


@pytest.fixture
def gallery(db, tmp_path) -> Dataset:
    """frame-0.png to frame-4.png, not indexed."""
    return make_gallery(tmp_path / "g")


def test_numbers_texts_and_dates_are_told_apart(world, tmp_path):
    text = rows(world, "key,depth,station,seen", "1.5,north,2004-08-01", "-2,south,2004-08-02T12:00:00Z", "NA,north,")
    tables.bring_in(world, csv(tmp_path, text))
    assert [(one.name, one.kind, one.source) for one in tables.columns_of(world)] == [
        ("depth", "number", "table"), ("station", "text", "table"), ("seen", "date", "table")
    ]  # fmt: skip


def test_a_column_says_its_ends_and_its_most_frequent_texts(world, tmp_path):
    text = rows(world, "key,depth,station,seen", "1.5,north,2004-08-01", "-2,south,1970-01-02", ",north,")
    tables.bring_in(world, csv(tmp_path, text))
    assert (column(world, "depth").low, column(world, "depth").high) == (-2, 1.5)
    assert column(world, "station").values == ("north", "south")
    assert column(world, "seen").low == 1


def test_values_come_in_the_order_of_the_keys_asked_for(world, tmp_path):
    tables.bring_in(world, csv(tmp_path, rows(world, "key,depth,station", "1,a", "2,b", "3,")))
    first, second, third, other = some_keys(world, 4)
    wanted = np.array([other, third, first, second])
    np.testing.assert_array_equal(tables.numbers(world, "depth", wanted), np.float32([np.nan, 3, 1, 2]))
    codes, texts = tables.texts(world, "station", wanted)
    assert [texts[code] if code >= 0 else None for code in codes] == [None, None, "a", "b"]


def test_dates_are_days_since_1970(world, tmp_path):
    tables.bring_in(world, csv(tmp_path, rows(world, "key,seen", "1970-01-03T12:00:00", "1970-01-02T01:00:00+02:00")))
    days = tables.numbers(world, "seen", np.array(some_keys(world, 2)))
    assert days == pytest.approx([2.5, 1 - 1 / 24])


def test_of_rows_about_the_same_tile_the_last_holds(world, tmp_path):
    key = some_keys(world, 1)[0]
    report = tables.bring_in(world, csv(tmp_path, f"key,depth\n{key},1\n{key},2\n"))
    assert (report.matched, report.replaced) == (2, 1)
    assert tables.numbers(world, "depth", np.array([key])) == [2]
    assert "gave way" in " ".join(report.sentences())


def test_the_report_says_what_fits_no_tile(world, tmp_path):
    key = some_keys(world, 1)[0]
    report = tables.bring_in(world, csv(tmp_path, f"key,depth\n{key},1\n12345,2\nabc,3\n99999999999999999999,4\n"))
    assert (report.rows, report.matched) == (4, 1)
    assert report.examples == ["12345", "abc", "99999999999999999999"]


def test_when_nothing_fits_nothing_is_kept(world, tmp_path):
    with pytest.raises(BadTable, match="No row .* for example 4.5E"):
        tables.bring_in(world, csv(tmp_path, "key,depth\n4.5E+15,1\n"))
    assert not Table.objects.exists()
    assert not list((Table(pk=0).folder.parent).glob(".new-*"))


def test_a_later_table_holds_where_names_are_the_same(world, tmp_path):
    for value in ("1", "2"):
        tables.bring_in(world, csv(tmp_path, rows(world, "key,depth", value)))
    key = np.array(some_keys(world, 1))
    assert tables.numbers(world, "depth", key) == [2]
    tables.remove(Table.objects.last())
    assert tables.numbers(world, "depth", key) == [1]


def test_a_removed_table_leaves_no_files(world, tmp_path):
    table = tables.bring_in(world, csv(tmp_path, rows(world, "key,depth", "1"))).table
    assert table.folder.is_dir()
    tables.remove(table)
    assert not table.folder.exists()
    assert tables.columns_of(world) == []


@pytest.mark.parametrize(
    ("text", "encoding", "depth", "station"),
    [
        ("key;depth;station\n{};1,5;Zürich\n", "utf-8", 1.5, "Zürich"),
        ("key;depth;station\n{};1,5;Zürich\n", "utf-8-sig", 1.5, "Zürich"),
        ("key;depth;station\n{};1,5;Zürich\n", "cp1252", 1.5, "Zürich"),
        ("key\tdepth\tstation\n{}\t1.5\tZürich\n", "utf-16", 1.5, "Zürich"),
        ('key|depth|station\r\n{}|1.5|"a|b"\r\n', "utf-8", 1.5, "a|b"),
        ('key,depth,station\n{},1.5,"two\nlines"\n', "utf-8", 1.5, "two\nlines"),
        (",key,depth,station\n0,{}, 1.5 ,=SUM(A1)\n", "utf-8", 1.5, "=SUM(A1)"),
        ("\nkey,depth,station\n\n{},1.5,x\n", "utf-8", 1.5, "x"),
    ],
)
def test_any_delimiter_and_encoding_that_can_be_told(world, tmp_path, text, encoding, depth, station):
    key = some_keys(world, 1)[0]
    tables.bring_in(world, csv(tmp_path, text.format(key), encoding=encoding))
    assert tables.numbers(world, "depth", np.array([key])) == [np.float32(depth)]
    assert tables.texts(world, "station", np.array([key]))[1] == [station]


def test_an_encoding_and_a_delimiter_may_be_given(world, tmp_path):
    key = some_keys(world, 1)[0]
    path = csv(tmp_path, f"key:station\n{key}:Łódź\n", encoding="cp1250")
    tables.bring_in(world, path, delimiter=":", encoding="cp1250")
    assert tables.texts(world, "station", np.array([key]))[1] == ["Łódź"]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", {}, "is empty"),
        ("\n\n", {}, "no line of column names"),
        ("key\n1\n", {}, "a single column"),
        ("key,depth\n", {}, "has no rows"),
        ("key,depth,depth\n1,2,3\n", {}, "two columns called 'depth'"),
        ("key,a/b,a?b\n1,2,3\n", {}, "both be called 'a_b'"),
        ("a,depth\n1,2\n", {}, "does not say which tiles"),
        ("a,depth\n1,2\n", {"key": "b"}, "has no column 'b'"),
        ("key,depth\n1,2,3\n", {}, "not a table that can be read"),
        ("key,sharpness\n1,2\n", {}, "sharpness is measured by this site itself: rename"),
        ("a,key\n1,2\n", {"key": "a"}, "key is what tiles are called by"),
        ("key," + ",".join(f"c{i}" for i in range(101)) + "\n", {}, "101 columns; 100 are allowed"),
        ("key,depth\n1,2\n", {"delimiter": "::"}, "cannot part columns"),
        ("key,depth\n1,2\n", {"encoding": "klingon"}, "no encoding 'klingon'"),
        ("key,depth\n1,ü\n", {"encoding": "ascii"}, "not a table that can be read"),
        ("key\0,depth\n1,2\n", {}, "neither a CSV nor a Parquet"),
    ],
)
def test_bad_tables_are_refused_with_what_to_do(world, tmp_path, text, options, said):
    with pytest.raises(BadTable, match=said):
        tables.bring_in(world, csv(tmp_path, text), **options)
    assert not Table.objects.exists()


def test_a_damaged_parquet_is_refused(world, tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(BadTable, match="not a table that can be read"):
        tables.bring_in(world, path)


def test_too_many_rows_are_refused(world, tmp_path, monkeypatch):
    monkeypatch.setattr(tables.bringing, "MOST_ROWS", 2)
    with pytest.raises(BadTable, match="more than 2 rows"):
        tables.bring_in(world, csv(tmp_path, rows(world, "key,depth", "1", "2", "3")))


def test_parquet_keeps_its_types(world, tmp_path):
    keys = some_keys(world, 2)
    table = pa.table({
        "tile": keys, "count": pa.array([3, None], pa.int16()), "code": ["007", "8"],
        "day": [datetime.date(1970, 1, 2), None],
        "flag": [True, False], "kind": pa.array(["a", "b"]).dictionary_encode(), "vector": [[1.0], [2.0]],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    report = tables.bring_in(world, tmp_path / "t.parquet")
    found = {one.name: one.kind for one in tables.columns_of(world)}
    assert found == {"count": "number", "code": "text", "day": "date", "flag": "text", "kind": "text"}
    assert tables.texts(world, "flag", np.array(keys))[1] == ["true", "false"]
    assert np.isnan(tables.numbers(world, "count", np.array(keys))).tolist() == [False, True]
    assert "vector" in report.notes[0]


def test_keys_as_floating_point_numbers_are_refused(world, tmp_path):
    pq.write_table(pa.table({"key": [1e17], "a": [1]}), tmp_path / "t.parquet")
    with pytest.raises(BadTable, match="save them as text"):
        tables.bring_in(world, tmp_path / "t.parquet")


def test_a_map_may_be_joined_by_place(world, tmp_path):
    places = "true-colour,2004-01-01,4,3,5,7\ntrue-colour,2004-01-01,4,3,99,8\nother,x,4,3,5,9\n"
    text = f"Product,date,level,row,col,depth\n{places}"
    report = tables.bring_in(world, csv(tmp_path, text))
    scene = world.products.get().scenes.order_by("day").first()
    assert report.matched == 1
    assert tables.numbers(world, "depth", np.array([scene.address(4, 3, 5).pack()])) == [7]


def test_a_map_that_is_not_indexed_must_wait(db, tmp_path):
    with pytest.raises(NotIndexed):
        tables.bring_in(make_map("unbuilt"), csv(tmp_path, "key,depth\n1,2\n"))


def test_a_gallery_is_joined_by_file_name_or_key(gallery, tmp_path):
    scene = gallery.products.get().scenes.get()
    base = scene.address(0, 0, 0).pack()
    report = tables.bring_in(gallery, csv(tmp_path, f"name,depth\nframe-0.png,1\nFRAME-1.png,2\n{base | 2},3\n"))
    assert report.examples == ["FRAME-1.png"]
    found = tables.numbers(gallery, "depth", base | np.arange(5))
    np.testing.assert_array_equal(found, np.float32([1, np.nan, 3, np.nan, np.nan]))


def test_a_name_that_two_pictures_share_means_neither(db, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / "g" / folder).mkdir(parents=True)
        (tmp_path / "g" / folder / "same.png").write_bytes(picture_bytes(seed=ord(folder)))
    (tmp_path / "g" / "a" / "own.png").write_bytes(picture_bytes(seed=3))
    dataset = importing.import_images([tmp_path / "g"], importing.Options(slug="twins", encoder="colour")).dataset
    report = tables.bring_in(dataset, csv(tmp_path, "name,depth\nsame.png,1\nown.png,2\n"))
    assert (report.matched, report.examples) == (1, ["same.png"])


def test_a_gallery_offers_what_its_list_said(db, tmp_path):
    for i in range(2):
        (tmp_path / f"{i}.png").write_bytes(picture_bytes(seed=i))
    (tmp_path / "list.csv").write_text("path,label,depth,sharpness\n0.png,cat,1.5,3\n1.png,dog,,4\n")
    dataset = importing.import_images([tmp_path / "list.csv"], importing.Options(slug="g", encoder="colour")).dataset
    told = {one.name: (one.kind, one.source) for one in tables.columns_of(dataset)}
    assert told == {"label": ("text", "import"), "depth": ("number", "import")}
    keys = dataset.products.get().scenes.get().address(0, 0, 0).pack() | np.arange(2)
    np.testing.assert_array_equal(tables.numbers(dataset, "depth", keys), np.float32([1.5, np.nan]))
    assert tables.texts(dataset, "label", keys)[1] == ["cat", "dog"]


def test_a_videos_frames_offer_their_times(gallery, tmp_path):
    product = gallery.products.get()
    frames = [
        Item(tmp_path / "g" / f"frame-{i}.png", frame_time=i / 2, frame_change=0.25 * i or None) for i in range(3)
    ]
    scene = galleries.store(product, 0, [galleries.look(item) for item in frames])
    told = {one.name: (one.kind, one.unit, one.high) for one in tables.columns_of(gallery)}
    assert told == {"frame_time": ("number", "s", 1), "frame_change": ("number", "", 0.5)}
    keys = scene.address(0, 0, 0).pack() | np.arange(4)
    np.testing.assert_array_equal(tables.numbers(gallery, "frame_time", keys), np.float32([0, 0.5, 1, np.nan]))


def test_a_table_holds_before_what_the_gallery_was_imported_with(db, tmp_path):
    (tmp_path / "a.png").write_bytes(picture_bytes())
    (tmp_path / "list.csv").write_text("path,label\na.png,cat\n")
    dataset = importing.import_images([tmp_path / "list.csv"], importing.Options(slug="g", encoder="colour")).dataset
    tables.bring_in(dataset, csv(tmp_path, "name,label\na.png,dog\n"))
    key = np.array([dataset.products.get().scenes.get().address(0, 0, 0).pack()])
    assert tables.texts(dataset, "label", key)[1] == ["dog"]
    assert [(one.name, one.source) for one in tables.columns_of(dataset)] == [("label", "table")]


def test_a_name_that_nobody_brought_is_refused_with_those_that_are(world, tmp_path):
    tables.bring_in(world, csv(tmp_path, rows(world, "key,depth,station", "1,a")))
    with pytest.raises(BadQuery, match="depth, station"):
        tables.numbers(world, "height", np.array([1]))
    with pytest.raises(BadQuery, match="column of texts"):
        tables.numbers(world, "station", np.array([1]))
    with pytest.raises(BadQuery, match="column of numbers"):
        tables.texts(world, "depth", np.array([1]))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2.5", "1e-3", ".5", "5."], "number"),
        (["1", "", "NaN", "NA", "-"], "number"),
        (["007", "12"], "text"),
        (["1.000,5"], "text"),
        (["inf"], "text"),
        (["0x10"], "text"),
        (["=1+1"], "text"),
        (["2004-08-01", "2004/08/02 10:00"], "date"),
        (["1/8/2004"], "text"),
        (["", "NA"], "text"),
        ([], "text"),
    ],
)
def test_kinds_are_guessed_by_every_cell(cells, kind):
    assert kinds.guessed([pa.array(cells, pa.string())]) == kind


def test_numbers_that_are_too_large_or_days_that_there_are_not_say_nothing():
    assert kinds.read(pa.array(["1e999", "2"]), "number").to_pylist() == [None, 2]
    assert kinds.read(pa.array(["2004-02-31", "2004-02-29"]), "date").null_count == 1


def test_long_texts_are_cut(world, tmp_path):
    tables.bring_in(world, csv(tmp_path, rows(world, "key,note", "x" * 5000)))
    assert len(tables.texts(world, "note", np.array(some_keys(world, 1)))[1][0]) == kinds.LONGEST


def test_a_file_is_read_in_pieces(world, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 4096)
    monkeypatch.setattr(tables.bringing, "_ROWS", 64)
    keys = np.sort(frames.opened(world).keys)
    mixed = np.random.default_rng(0).permutation(keys)
    path = csv(tmp_path, "key,number\n" + "".join(f"{key},{i}\n" for i, key in enumerate(mixed.tolist())))
    seen: list[int] = []
    report = tables.bring_in(world, path, on_progress=lambda done, _: seen.append(done))
    assert len(seen) > 3
    assert report.matched == len(keys)
    np.testing.assert_array_equal(tables.numbers(world, "number", mixed), np.arange(len(keys)))


def test_the_row_keeps_what_was_found(world, tmp_path):
    tables.bring_in(world, csv(tmp_path, rows(world, "key,depth", "1")), name="depths.csv")
    table = Table.objects.get()
    assert (table.name, table.rows, table.matched) == ("depths.csv", 1, 1)
    assert json.dumps(table.columns)


def test_what_a_killed_process_left_is_swept(db):
    old, new = (tables.bringing.root() / f"{tables.bringing.SCRATCH}{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    tables.sweep()
    assert (old.exists(), new.exists()) == (False, True)
    new.rmdir()
