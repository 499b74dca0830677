"""Videos become galleries: which frames are taken, and what is said of videos that are not whole."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from search import importing, uploads
from search.errors import BadImagery, DiskFull
from search.imagery.gallery import listed
from search.intake import decoding, framing, videos
from search.intake.framing import Framing
from search.models import Dataset, Scene
from tests.factories import picture_bytes
from tests.videos import drive, make_sound, make_video, street

pytestmark = pytest.mark.django_db


def bring_in(paths, slug="drive", **chosen):
    frames = Framing(**chosen).checked()
    options = importing.Options(slug=slug, encoder="colour", framing=frames)
    return importing.import_images(paths if isinstance(paths, list) else [paths], options, background=False)


def frames_of(slug="drive"):
    return listed(Scene.objects.select_related("product__dataset").get(product__dataset__slug=slug)).to_pylist()


def times(slug="drive"):
    return [round(row["frame_time"], 3) for row in frames_of(slug)]


@pytest.fixture(autouse=True)
def nothing_decoded_before(settings):
    shutil.rmtree(settings.DATA_DIR / "imagery", ignore_errors=True)


@pytest.fixture
def film(tmp_path):
    return make_video(tmp_path / "film.mp4")


def test_a_video_becomes_a_gallery_with_a_frame_a_second(film):
    report = bring_in(film)
    assert (report.dataset.kind, report.refused, report.notes) == (Dataset.Kind.GALLERY, [], [])
    assert times() == [0.0, 1.0, 2.0]


def test_frames_are_named_so_that_they_sort_and_say_which_video_they_are_of(film):
    bring_in(film, every=0.5)
    rows = frames_of()
    assert [row["name"] for row in rows[:2]] == ["film_00h00m00.000s.webp", "film_00h00m00.500s.webp"]
    assert {json.loads(row["meta"])["video"] for row in rows} == {"film.mp4"}


def test_times_of_files_sort_as_numbers_do():
    moments = [0, 9.999, 10, 59.9996, 60, 3599, 3600, 35999]
    names = [videos.written_time(at) for at in moments]
    assert names == sorted(names)
    assert names[3] == "00h01m00.000s"


def test_frames_lie_in_the_data_folder_and_need_the_video_no_more(film, settings):
    bring_in(film)
    film.unlink()
    with Image.open(frames_of()[0]["path"]) as picture:
        assert np.abs(np.asarray(picture).astype(int) - street(0)).mean() < 8
    assert str(settings.DATA_DIR) in frames_of()[0]["path"]


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"),
                                             ("a.ts", "libx264"), ("a.mov", "mjpeg")])  # fmt: skip
def test_other_containers_are_read(tmp_path, name, codec):
    bring_in(make_video(tmp_path / name, codec=codec))
    assert times() == [0.0, 1.0, 2.0]


def test_every_frame_is_taken_at_a_rate_of_zero(film):
    bring_in(film, every=0)
    assert len(frames_of()) == 30


def test_a_rate_goes_by_the_times_of_frames_and_not_by_their_number(tmp_path):
    moments = [0, 0.05, 0.1, 0.15, 0.9, 1.7, 1.75, 2.02, 5.5]
    bring_in(make_video(tmp_path / "a.mkv", times=moments))
    assert times() == [0.0, 1.7, 2.02, 5.5]


def test_change_is_the_mean_absolute_difference_of_luminance():
    black, white = np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)
    half = black.copy()
    half[:2] = 255
    assert [framing.change(black, other) for other in (black, half, white)] == [0, 0.5, 1]


def test_a_frames_change_is_told_to_the_one_kept_before(tmp_path):
    def blink(i):
        return np.full((48, 64, 3), 255 if i >= 10 else 0, np.uint8)

    bring_in(make_video(tmp_path / "a.mp4", blink, frames=30))
    first, second, third = (row["frame_change"] for row in frames_of())
    assert first is None
    assert (second, third) == (pytest.approx(1, abs=0.03), pytest.approx(0, abs=0.01))


def test_standing_at_a_red_light_does_not_fill_the_set(tmp_path):
    """10 s of driving, 60 s at a light, 10 s of driving: 81 frames at one a second, 61 of them alike."""
    film = make_video(tmp_path / "red.mp4", drive(range(20, 140)), frames=161, fps=2)
    bring_in(film, "plain")
    bring_in(film, "moved", min_change=0.02)
    bring_in(film, "varied", count=20)
    standing = {slug: sum(10 <= at <= 70 for at in times(slug)) for slug in ("plain", "moved", "varied")}
    assert standing["plain"] == 61
    assert standing["moved"] == 1
    assert standing["varied"] <= 2
    assert len(times("varied")) == 20


def test_a_share_keeps_so_many_of_what_was_looked_at(film):
    bring_in(film, every=0.1, share=0.2)
    assert len(frames_of()) == 6


def test_more_frames_than_there_are_keeps_all(film):
    bring_in(film, count=500)
    assert times() == [0.0, 1.0, 2.0]


def test_a_folder_of_videos_keeps_its_classes_as_labels(tmp_path):
    for name in ("snow", "sand"):
        (tmp_path / "set" / name).mkdir(parents=True)
        make_video(tmp_path / "set" / name / "a.mp4", frames=5)
    bring_in(tmp_path / "set")
    assert [row["label"] for row in frames_of()] == ["sand", "snow"]


def test_pictures_and_videos_of_one_folder_are_taken_together(tmp_path):
    make_video(tmp_path / "a.mp4", frames=5)
    (tmp_path / "b.png").write_bytes(picture_bytes())
    bring_in(tmp_path)
    assert [row["name"] for row in frames_of()] == ["b.png", "a_00h00m00.000s.webp"]


def test_a_camera_held_upright_gives_upright_frames(tmp_path):
    film = make_video(tmp_path / "a.mp4")
    plain, turned = matrix(0x10000, 0, 0, 0x10000), matrix(0, 0x10000, 0xFFFF0000, 0)
    content = film.read_bytes()
    at = content.index(plain, content.index(b"tkhd"))
    film.write_bytes(content[:at] + turned + content[at + len(plain) :])
    bring_in(film)
    with Image.open(frames_of()[0]["path"]) as picture:
        assert picture.size == (48, 64)
        sky = np.asarray(picture)[:, -6:].mean(axis=(0, 1))  # what was above is to the right, turned clockwise
    assert np.abs(sky - (120, 160, 220)).max() < 12


def matrix(a, b, c, d):
    numbers = (a, b, 0, c, d, 0, 0, 0, 0x40000000)
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def test_of_a_film_that_was_cut_short_what_is_there_is_kept(tmp_path):
    film = make_video(tmp_path / "a.mp4", frames=100, movflags="faststart")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    report = bring_in(film)
    assert 2 <= len(frames_of()) < 10
    assert "a.mp4 was cut short: 0:00:0" in report.notes[0]
    assert "of 0:00:10 could be read" in report.notes[0]


def test_a_damaged_piece_in_the_middle_is_passed_over(tmp_path):
    film = make_video(tmp_path / "a.mkv", frames=100)
    content = bytearray(film.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    film.write_bytes(content)
    report = bring_in(film)
    assert len(frames_of()) >= 4
    assert len(report.notes) == 1


def refusal(path):
    with pytest.raises(BadImagery) as caught:
        bring_in(path)
    assert not Dataset.objects.filter(slug="drive").exists()
    return str(caught.value)


def test_a_film_without_its_table_of_contents_is_refused(tmp_path):
    film = make_video(tmp_path / "a.mp4")
    film.write_bytes(film.read_bytes()[:-1200])
    assert "cut short before its table of contents" in refusal(film)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.mp4").touch()
    assert "it is an empty file" in refusal(tmp_path / "a.mp4")


def test_a_text_that_calls_itself_a_video_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_text("#EXTM3U\nhttp://example.org/a.ts\n" * 20)
    assert "not a video that can be read" in refusal(tmp_path / "a.mp4")


def test_a_file_of_sound_alone_is_refused(tmp_path):
    assert "no pictures, only audio" in refusal(make_sound(tmp_path / "a.m4v"))


def test_a_codec_that_is_not_known_is_refused_by_name(tmp_path):
    assert "coded with msmpeg4, which is not read here" in refusal(make_video(tmp_path / "a.avi", codec="msmpeg4"))


def test_a_film_that_cannot_be_decoded_is_refused(tmp_path):
    film = make_video(tmp_path / "a.mp4", movflags="faststart")
    content = bytearray(film.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = np.random.default_rng(0).bytes(len(content) - start)
    film.write_bytes(content)
    assert "encrypted, or damaged" in refusal(film)


def test_frames_that_are_too_large_are_refused(film, monkeypatch):
    monkeypatch.setattr(decoding, "MOST_PIXELS", 1000)
    assert "frames of 64 x 48 pixels; 1,000 are allowed" in refusal(film)


def test_an_upload_that_is_too_large_is_refused(film, settings):
    settings.IMPORT_LIMIT = 100
    with pytest.raises(BadImagery, match="IMPORT_LIMIT_GB"):
        list(decoding.Video(film, "film.mp4", trusted=False))


@pytest.mark.parametrize(("name", "most", "told"), [("MOST_HOURS", 1 / 3600, "is longer than"),
                                                    ("MOST_DECODED", 12, "has more than 12 frames"),
                                                    ("PATIENCE", -1, "to decode")])  # fmt: skip
def test_what_is_beyond_a_limit_is_left_out_and_said(film, monkeypatch, name, most, told):
    monkeypatch.setattr(decoding, name, most)
    video = decoding.Video(film, "film.mp4")
    seen = [at for at, _ in video]
    assert len(seen) < 30
    assert told in video.notes[0]


def test_no_more_frames_than_a_gallery_can_bear(film, monkeypatch):
    monkeypatch.setattr(videos, "MOST_FRAMES", 4)
    report = bring_in(film, every=0)
    assert len(frames_of()) == 4
    assert "gave 4 frames by 0:00:00" in report.notes[0]


def test_a_video_has_no_place_on_a_map(film, world):
    with pytest.raises(BadImagery, match="no place on a map"):
        bring_in(film, "world")


def test_repeating_an_import_decodes_nothing_again(film, monkeypatch):
    bring_in(film)
    before = frames_of()
    monkeypatch.setattr(videos, "write", None)
    bring_in(film)
    assert frames_of() == before


def test_a_stopped_import_keeps_whole_videos_and_nothing_half(tmp_path, settings):
    for name in ("a", "b"):
        make_video(tmp_path / f"{name}.mp4", frames=50, draw=lambda i, name=name: street(i + ord(name)))

    class Stop(Exception):
        pass

    def stop(done, total):
        assert total == 10
        if done > 7:
            raise Stop

    options = importing.Options(slug="stopped", encoder="colour")
    with pytest.raises(Stop):
        importing.import_images([tmp_path], options, on_video=stop)
    made = list((settings.DATA_DIR / "imagery" / "stopped" / "frames").iterdir())
    assert [folder.name.startswith(".") for folder in made] == [False]
    assert not Dataset.objects.filter(slug="stopped").exists()
    bring_in([tmp_path], "stopped")
    assert len(frames_of("stopped")) == 10


def test_a_full_disk_is_said_and_leaves_nothing_half(film, monkeypatch, settings):
    monkeypatch.setattr(videos, "SPARE", 2**60)
    with pytest.raises(DiskFull, match="free some space"):
        bring_in(film, "full")
    assert not list((settings.DATA_DIR / "imagery" / "full").rglob("*.webp"))


@pytest.mark.parametrize("chosen", [{"every": -1}, {"every": float("nan")}, {"min_change": 1}, {"share": 2},
                                    {"count": -1}, {"count": 3, "share": 0.1}])  # fmt: skip
def test_choices_that_make_no_sense_are_refused(chosen):
    with pytest.raises(BadImagery):
        Framing(**chosen).checked()


def test_uploads_of_videos_are_known_by_their_first_bytes(film):
    from search import filetypes
    from search.errors import WrongType

    start = film.read_bytes()[:64]
    filetypes.check_name("film.mp4")
    filetypes.check_content("film.mp4", start)
    with pytest.raises(WrongType, match="its content is an MP4 or QuickTime file"):
        filetypes.check_content("film.webm", start)
    with pytest.raises(WrongType, match="its content is a JPEG file"):
        filetypes.check_content("film.mp4", picture_bytes(form="JPEG")[:64])


def test_an_uploaded_video_is_not_kept_beside_its_frames(film):
    folder = uploads.root() / ("a" * 32)
    folder.mkdir(parents=True)
    film = film.rename(folder / "film.mp4")
    bring_in(film)
    assert len(frames_of()) == 3
    assert film.stat().st_nlink == 1
