"""Bad input, each with its clear message, and nothing half-imported."""

import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import User

from search import importing
from search.errors import BadAddress, BadImagery, NotAllowed, SearchError
from search.imports import files
from search.intake import remote, zips
from search.intake.gathering import IMAGES
from search.models import Dataset, Scene, SceneFile
from tests.factories import make_raster, noise, picture_bytes

pytestmark = pytest.mark.django_db
HOME = Path(settings.DATA_DIR) / "imagery" / "new"


@pytest.fixture(autouse=True)
def nothing_stays():
    """Whatever was refused: no dataset, no scene, no file of it in the data folder."""
    yield
    assert not Dataset.objects.filter(slug="new").exists()
    assert not [path for path in HOME.rglob("*") if path.is_file() and path.name != "seen.jsonl"]


def refused(path: Path | str, match: str, **options: object) -> None:
    with pytest.raises(SearchError, match=match):
        importing.import_images([path], importing.Options(slug="new", encoder="colour", **options))


@pytest.fixture
def upload() -> Path:
    """A folder as finished uploads lie in."""
    folder = Path(settings.DATA_DIR) / "uploads" / os.urandom(16).hex()
    folder.mkdir(parents=True)
    return folder


def bomb(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(side * 64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def zipped(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_not_an_image(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    refused(tmp_path, "not an image")


def test_a_png_bomb_is_refused_before_it_is_decoded(tmp_path):
    (tmp_path / "a.png").write_bytes(bomb(30_000))
    refused(tmp_path, "30,000 x 30,000 pixels|too many pixels")


def test_a_sixteen_bit_bomb_is_refused_too(tmp_path):
    data = bytearray(bomb(30_000))
    data[24] = 16
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    (tmp_path / "a.png").write_bytes(bytes(data))
    refused(tmp_path, "30,000 x 30,000 pixels")


def test_a_truncated_tiff(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(3, 512, 512), tiled=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, "cut short")


def test_a_truncated_sixteen_bit_picture(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(3, 512, 512).astype(np.uint16), crs=None, transform=None)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, "damaged or cut short", kind="gallery")


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/etc/out.png", "C:/out.png", "..\\out.png"])
def test_a_zip_that_leads_out_of_its_folder(tmp_path, name):
    archive = zipped(tmp_path / "a.zip", **{"good.png": picture_bytes(), name: picture_bytes()})
    refused(archive, "leads out of its folder")
    assert not (tmp_path / "out.png").exists()


def test_a_zip_bomb_by_ratio(tmp_path):
    refused(zipped(tmp_path / "a.zip", **{"a.png": bytes(50 * 2**20)}), "zip bomb")


def test_a_zip_bomb_by_size(tmp_path, settings):
    settings.IMPORT_LIMIT = 1000
    refused(zipped(tmp_path / "a.zip", **{"a.png": picture_bytes()}), "IMPORT_LIMIT_GB")


def test_a_zip_bomb_by_number(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "MOST_ENTRIES", 3)
    refused(zipped(tmp_path / "a.zip", **{f"{i}.png": b"x" for i in range(4)}), "4 entries")


def test_a_zip_whose_entries_lie_over_each_other(tmp_path):
    archive = zipped(tmp_path / "a.zip", **{"a.png": os.urandom(5000), "b.png": os.urandom(5000)})
    data = bytearray(archive.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    for field, value in ((20, 500_000), (24, 500_000), (42, 0)):  # packed and unpacked bytes, offset
        data[second + field : second + field + 4] = struct.pack("<I", value)
    archive.write_bytes(bytes(data))
    refused(archive, "zip bomb|cannot be read|not a zip")


def test_a_zip_entry_longer_than_it_says(tmp_path):
    archive = zipped(tmp_path / "a.zip", **{"a.png": picture_bytes()})
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    archive.write_bytes(bytes(data))
    refused(archive, "not a zip that can be read|Nothing was imported")


def test_a_link_in_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("a.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path / "a.zip", "a link or a device")


def test_a_zip_with_a_password(tmp_path):
    archive = zipped(tmp_path / "a.zip", **{"a.png": picture_bytes()})
    data = bytearray(archive.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(bytes(data))
    refused(archive, "password")


def test_what_is_called_zip_and_is_none(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 nothing")
    refused(tmp_path / "a.zip", "not a zip")


def test_a_zip_without_images(tmp_path):
    refused(zipped(tmp_path / "a.zip", **{"readme.txt": b"hello"}), "holds no images")


def test_a_damaged_zip_leaves_nothing_half_unpacked(tmp_path):
    archive = zipped(tmp_path / "a.zip", **{f"{i}.png": os.urandom(20_000) for i in range(5)})
    data = bytearray(archive.read_bytes())
    data[70_000:70_100] = bytes(100)
    archive.write_bytes(bytes(data))
    refused(archive, "not a zip that can be read")
    assert not list(HOME.rglob("*.png"))


def test_a_link_by_name(tmp_path):
    make_raster(tmp_path / "a.tif", noise())
    (tmp_path / "link.tif").symlink_to(tmp_path / "a.tif")
    refused(tmp_path / "link.tif", "is a link")


def test_a_link_that_a_list_names(tmp_path):
    (tmp_path / "a.png").write_bytes(picture_bytes())
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "list.csv").write_text("path\nlink.png\n")
    refused(tmp_path / "list.csv", "is a link")


def test_a_file_without_georeference(tmp_path):
    path = make_raster(tmp_path / "a.tif", noise(), crs=None, transform=None)
    refused(path, "no georeference", kind="map")


def test_a_coordinate_system_without_a_place(tmp_path):
    refused(make_raster(tmp_path / "a.tif", noise(), transform=None), "not where in it")


def test_an_unknown_coordinate_system(tmp_path):
    local = 'LOCAL_CS["somewhere",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    refused(make_raster(tmp_path / "a.tif", noise(), crs=local), "coordinate system")


def test_all_no_data(tmp_path):
    refused(make_raster(tmp_path / "a.tif", np.zeros((1, 32, 32), np.uint8), nodata=0), "holds no data")


def test_all_of_the_no_data_value_that_was_given(tmp_path):
    refused(make_raster(tmp_path / "a.tif", np.full((1, 32, 32), 7, np.int16)), "holds no data", nodata=7)


def test_nothing_but_nan(tmp_path):
    refused(make_raster(tmp_path / "a.tif", np.full((1, 32, 32), np.nan, np.float32)), "holds no data")


def test_bands_that_are_not_there(tmp_path):
    refused(make_raster(tmp_path / "a.tif", noise()), "has 3 bands", bands=(4, 2, 1))


def test_complex_numbers(tmp_path):
    refused(make_raster(tmp_path / "a.tif", np.ones((1, 8, 8), np.complex64)), "no brightness")


def test_a_tiff_in_one_piece_too_large_for_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("search.rasters.MOST_BLOCK", 1000)
    refused(make_raster(tmp_path / "a.tif", noise()), "one piece")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [("a.tif", b"<!DOCTYPE html><html>no such file</html>", "a web page"),
     ("a.jpg", b"PK\x03\x04" + bytes(50), "not an image"), ("a.tif", b"", "an empty file"),
     ("a.tif", b'{"error": 404}', "a JSON text")],
)  # fmt: skip
def test_a_file_that_lies_about_its_type(upload, name, data, said):
    (upload / name).write_bytes(data)
    refused(upload / name, said, kind="map" if name.endswith("tif") else "")


VRT = """<VRTDataset rasterXSize="64" rasterYSize="64">
<SRS>EPSG:4326</SRS><GeoTransform>0,0.1,0,9,0,-0.1</GeoTransform>
<VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename>{0}</SourceFilename></SimpleSource></VRTRasterBand>
</VRTDataset>"""


@pytest.mark.parametrize("name", ["a.tif", "a.vrt", "a.jp2", "a"])
def test_an_upload_that_names_other_files(upload, tmp_path, name):
    secret = make_raster(tmp_path / "secret.tif", noise())
    (upload / name).write_text(VRT.format(secret))
    refused(upload / name, "not an image that can be read: it is a VRT", kind="map")


def test_a_vrt_that_hides_behind_a_tiffs_first_bytes(upload, tmp_path):
    secret = make_raster(tmp_path / "secret.tif", noise())
    (upload / "a.tif").write_bytes(b"II*\0" + VRT.format(secret).encode())
    refused(upload / "a.tif", "cannot be|can be read", kind="map")


def test_a_vrt_in_a_tiffs_metadata(upload, tmp_path):
    import rasterio

    path = make_raster(upload / "a.tif", noise(), driver="COG")
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.update_tags(TIFFTAG_IMAGEDESCRIPTION="<VRTDataset>", NOTE="<VRTDataset>")
    try:
        importing.import_images([path], importing.Options(slug="new", encoder="colour"))
    except BadImagery:
        return
    assert b"<VRTDataset" not in Path(SceneFile.objects.get().path).read_bytes()[:1024]
    Scene.objects.all().delete()
    Dataset.objects.filter(slug="new").delete()
    for left in HOME.rglob("*.tif"):
        left.unlink()


def test_a_vrt_that_one_names_oneself_is_read(tmp_path):
    make_raster(tmp_path / "real.tif", noise(1))
    (tmp_path / "a.vrt").write_text(VRT.format(tmp_path / "real.tif"))
    report = importing.take_in([tmp_path / "a.vrt"], importing.Options(slug="vrt", encoder="colour"))
    assert len(report.scenes) == 1


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "{data}/uploads", "{data}/lookalike.sqlite3", "{data}/uploads/../shards"]
)
def test_the_site_does_not_import_the_servers_files(path):
    for name, staff in (("somebody", False), ("staff", True)):
        user = User.objects.create_user(name, is_staff=staff)
        with pytest.raises(NotAllowed, match="IMPORT_FOLDERS"):
            files.allowed(path.format(data=settings.DATA_DIR), user)


def test_staff_import_from_the_folders_that_were_opened(tmp_path, settings):
    settings.IMPORT_FOLDERS = [tmp_path.resolve()]
    staff = User.objects.create_user("staff", is_staff=True)
    (tmp_path / "link").symlink_to("/etc")
    assert files.allowed(str(tmp_path / "a"), staff) == tmp_path.resolve() / "a"
    with pytest.raises(NotAllowed):
        files.allowed(str(tmp_path / "link" / "passwd"), staff)


def test_a_list_that_was_uploaded_names_only_what_came_along(upload):
    (upload / "list.csv").write_text("path\n/etc/hostname\n../../lookalike.sqlite3\n")
    refused(upload / "list.csv", "outside its own folder")


@pytest.mark.parametrize("text", ["name,size\na,1\n", "", "path\n", "path\n\n"])
def test_a_list_without_paths(tmp_path, text):
    (tmp_path / "list.csv").write_text(text)
    refused(tmp_path / "list.csv", "column|rows")


def test_a_list_with_an_unreadable_date(tmp_path):
    (tmp_path / "a.png").write_bytes(picture_bytes())
    (tmp_path / "list.csv").write_text("path,date\na.png,yesterday\n")
    refused(tmp_path / "list.csv", "row 1 the date")


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"type": "FeatureCollection", "features": []}', '{"type": "Feature", "stac_version": "1.0.0"}']
)
def test_footprints_that_name_nothing(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    refused(tmp_path / "a.json", "STAC|JSON|names no imagery")


NONSENSE = [
    {"bands": [1, 2]}, {"low": "x"}, {"date": "soon"}, {"slug": "other"}, {"percentiles": [2]}, {"stretch": "loud"},
    {"date_pattern": "(?P<year>(a+)+)"},
]  # fmt: skip


@pytest.mark.parametrize("option", NONSENSE)
def test_options_of_a_recipe_that_make_no_sense(option):
    with pytest.raises(BadImagery):
        files.options_of(Dataset(slug="any", kind="map"), option)


def test_addresses_of_this_machine_are_refused():
    refused("http://127.0.0.1/a.tif", "private network")


def test_an_unreachable_name_is_said():
    with pytest.raises(BadAddress, match="no server"):
        remote.checked("nowhere.invalid", 80)


def test_only_images_are_taken_from_zips():
    assert ".exe" not in IMAGES
    assert ".vrt" in IMAGES  # and refused when it is looked at, like any other that names files
