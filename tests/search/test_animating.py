"""Films of a region over its dates, decoded again."""

import shutil
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.core.management import CommandError
from django.utils import timezone
from PIL import Image

from search import animating, grid, tasks
from search.animating import GUEST, MEMBER, OPERATOR, Recipe, film, jobs
from search.animating.captions import scale, wrapped
from search.animating.region import region_of
from search.errors import BadQuery, Cancelled, NoVideoEncoder
from search.models import Animation, Status
from tests.factories import make_gallery, make_map, make_raster
from tests.search.films import BOX, COLOURS, answer_of, duration, make_dates, plain, stills, streams

pytestmark = pytest.mark.django_db


def recipe(**changes):
    return Recipe(**{"product": "rgb", "bbox": BOX, "width": 320, **changes})


def filmed(dataset, tmp_path, **changes):
    asked = recipe(**changes)
    out = tmp_path / f"film.{asked.form}"
    return out, animating.animate(dataset, asked, out, limits=OPERATOR)


def waiting(dataset, **changes):
    from django.contrib.auth.models import AnonymousUser

    return animating.request(dataset, recipe(**changes), AnonymousUser(), background=False)


def write_black(path, count):
    with film.Film(path, "mp4", (64, 64), 1) as open_film:
        for _ in range(count):
            open_film.write(np.zeros((64, 64, 3), np.uint8))


def shown_for(image, frame):
    image.seek(frame)
    image.load()
    return image.info["duration"]


@pytest.fixture(autouse=True)
def no_films_yet():
    shutil.rmtree(animating.folder(), ignore_errors=True)


@pytest.mark.parametrize("form", ["mp4", "webp", "gif"])
def test_a_film_has_a_frame_a_date_in_its_colours(tmp_path, form):
    out, told = filmed(make_dates(tmp_path), tmp_path, form=form)
    frames = stills(out, told["width"], told["height"])
    assert [frame.shape for frame in frames] == [(told["height"], told["width"], 3)] * 4
    middles = np.array([frame[100:200, 100:200].mean(axis=(0, 1)) for frame in frames])
    assert np.abs(middles - COLOURS).max() <= 6


@pytest.mark.parametrize("form", ["mp4", "webp", "gif"])
def test_it_lasts_as_long_as_its_dates_take(tmp_path, form):
    out, told = filmed(make_dates(tmp_path), tmp_path, form=form, fps=2)
    if form == "mp4":
        assert duration(out) == pytest.approx(2, abs=0.05)
    else:
        with Image.open(out) as image:
            lasts = [shown_for(image, i) for i in range(image.n_frames)]
        assert sum(lasts) == 2000
    assert told["seconds"] == 2


def test_an_mp4_plays_everywhere(tmp_path):
    out, _ = filmed(make_dates(tmp_path), tmp_path, width=323)
    said = streams(out)
    assert "h264" in said
    assert "yuv420p(tv, bt709" in said
    head = out.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat"), "a player must not have to fetch the end first"


def test_sides_are_even(tmp_path):
    _, told = filmed(make_dates(tmp_path), tmp_path, width=323, bbox=(0, 0, 9, 5.3))
    assert (told["width"] % 2, told["height"] % 2) == (0, 0)


def test_the_date_stamp_changes_with_each_date(tmp_path):
    out, told = filmed(make_dates(tmp_path), tmp_path, form="webp")
    bands = [frame[told["width"] :, :130].astype(int) for frame in stills(out, told["width"], told["height"])]
    assert all(np.abs(a - b).max() > 100 for a, b in pairwise(bands))


def test_dates_without_data_there_are_left_out_and_said(tmp_path):
    out, told = filmed(make_dates(tmp_path, empty=(1,)), tmp_path)
    assert (told["frames"], told["skipped"]) == (3, ["2020-01-02"])
    assert len(stills(out, told["width"], told["height"])) == 3


def test_or_the_picture_before_is_held(tmp_path):
    out, told = filmed(make_dates(tmp_path, empty=(0, 2)), tmp_path, missing="hold")
    assert (told["frames"], told["skipped"], told["held"]) == (3, ["2020-01-01"], ["2020-01-03"])
    frames = stills(out, told["width"], told["height"])
    assert np.abs(frames[1][:320].astype(int) - frames[0][:320]).mean() < 2


def test_a_region_without_any_data_is_refused_and_leaves_no_file(tmp_path):
    dataset = make_dates(tmp_path)
    with pytest.raises(BadQuery, match="no data in this region"):
        filmed(dataset, tmp_path, bbox=(100, 0, 109, 9))
    assert not list(tmp_path.glob("*film*"))


def test_dates_can_be_chosen(tmp_path):
    dataset = make_dates(tmp_path)
    _, told = filmed(dataset, tmp_path, first=date(2020, 1, 2), last=date(2020, 1, 3))
    assert (told["frames"], told["from"], told["to"]) == (2, "2020-01-02", "2020-01-03")


def test_a_box_across_the_date_line_shows_both_sides(tmp_path):
    paths = []
    for day in (1, 2):
        paths.append(make_raster(tmp_path / f"e_2020-01-0{day}.tif", plain(COLOURS[0]), (171, 0, 180, 9)))
        paths.append(make_raster(tmp_path / f"w_2020-01-0{day}.tif", plain(COLOURS[1]), (-180, 0, -171, 9)))
    dataset = make_map("line", paths, levels=(5,), product="rgb")
    out, told = filmed(dataset, tmp_path, bbox=(175, 0, -175, 9))
    frame = stills(out, told["width"], told["height"])[0]
    assert np.abs(frame[100:200, 40:120].mean(axis=(0, 1)) - COLOURS[0]).max() <= 6
    assert np.abs(frame[100:200, 200:280].mean(axis=(0, 1)) - COLOURS[1]).max() <= 6


def test_a_polar_box_is_one_rectangle_of_its_map():
    region = region_of(grid.GRIDS["GIBS_EPSG3031"], (170, -80, -170, -70), 400)
    assert len(region.boxes) == 1
    assert region.metres * region.width == pytest.approx(
        20 / 360 * 2 * np.pi * 6.357e6 * np.cos(np.radians(70)), rel=0.1
    )


@pytest.mark.parametrize("latitude", [0, 40, 70])
def test_the_scale_is_true_at_the_middle_latitude(latitude):
    region = region_of(grid.GEOGRAPHIC, (0, latitude - 1, 10, latitude + 1), 1000)
    parallel = 6378137 * np.cos(np.radians(latitude)) / np.sqrt(1 - 0.00669438 * np.sin(np.radians(latitude)) ** 2)
    assert region.metres == pytest.approx(np.radians(0.01) * parallel, rel=1e-6)


@pytest.mark.parametrize(
    ("metres", "pixels", "length"),
    [(1000, 270, "200 km"), (463, 300, "100 km"), (10, 99, "500 m"), (0.5, 60, "20 m"), (20000, 300, "5,000 km")],
)
def test_the_scale_bar_is_a_round_number(metres, pixels, length):
    found, written = scale(metres, pixels)
    assert written == length
    assert found <= metres * pixels < found * 2.5 + 1e-9


def test_a_long_credit_is_wrapped_and_ends_in_an_ellipsis():
    from PIL import ImageFont

    font = ImageFont.load_default(12)
    lines = wrapped("We acknowledge the use of imagery. " * 20, font, 300)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(font.getlength(line) <= 300 for line in lines)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"bbox": (0, 9, 9, 0)}, "not on Earth"), ({"bbox": (0, 0, 200, 9)}, "not on Earth"),
     ({"bbox": (0, 0, float("nan"), 9)}, "four numbers"), ({"bbox": (3, 0, 3, 9)}, "not on Earth"),
     ({"width": 20}, "pixels wide"), ({"width": 2000}, "1280 pixels wide"), ({"fps": 0}, "fps is 0"),
     ({"fps": float("nan")}, "fps is nan"), ({"form": "avi"}, "choose mp4"), ({"product": "other"}, "It has: rgb"),
     ({"first": date(2020, 1, 3), "last": date(2020, 1, 1)}, "after the last"), ({"missing": "guess"}, "skip or hold"),
     ({"first": date(2021, 1, 1)}, "two dates or more"), ({"bbox": (0, -80, 1, 80)}, "less high")],
)  # fmt: skip
def test_what_cannot_be_filmed_is_refused(tmp_path, changes, message):
    with pytest.raises(BadQuery, match=message):
        animating.planned(make_dates(tmp_path, 2), recipe(**changes), GUEST)


def test_a_gallery_has_no_region(tmp_path):
    with pytest.raises(BadQuery, match="is a gallery"):
        animating.planned(make_gallery(tmp_path / "g"), recipe(product=""), MEMBER)


def test_frames_times_pixels_are_limited(tmp_path):
    few = animating.Limits(width=4000, frames=10, pixels=3e5)
    with pytest.raises(BadQuery, match="megapixels"):
        animating.planned(make_dates(tmp_path), recipe(), few)
    with pytest.raises(BadQuery, match="4 dates; 3 are allowed"):
        animating.planned(make_dates(tmp_path), recipe(), animating.Limits(width=4000, frames=3, pixels=1e9))


def test_without_ffmpeg_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "gone"))
    with pytest.raises(NoVideoEncoder, match="make setup"):
        filmed(make_dates(tmp_path), tmp_path)


def test_an_encoder_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(OSError, match=r"could not be written.*No such file"):
        write_black(tmp_path / "missing-folder" / "film.mp4", 50)


def test_the_rows_film_is_made_once(tmp_path):
    animation = waiting(make_dates(tmp_path))
    tasks.make_animation(animation.pk)
    animation.refresh_from_db()
    made = animation.path().stat().st_mtime_ns
    tasks.make_animation(animation.pk)  # redelivered
    assert (animation.status, animation.done, animation.total) == ("ready", 4, 4)
    assert animation.path().stat().st_mtime_ns == made
    assert animation.summary["frames"] == 4


def test_the_same_film_asked_for_again_is_the_one_that_is_there(tmp_path):
    dataset = make_dates(tmp_path)
    first = waiting(dataset)
    animating.make_here(first)
    assert waiting(dataset).pk == first.pk
    dataset.products.get().scenes.update(version="new")
    assert waiting(dataset).pk != first.pk, "other imagery: another film"


def test_a_cancelled_film_stops_and_leaves_no_file(tmp_path):
    animation = waiting(make_dates(tmp_path))
    seen = []

    def stop(done, total):
        seen.append(done)
        Animation.objects.filter(pk=animation.pk).cancel()

    assert animating.make_here(animation, stop) is False
    animation.refresh_from_db()
    assert (animation.status, seen) == ("cancelled", [1])
    assert not list(animating.folder().iterdir())


def test_a_film_of_a_dead_worker_is_taken_over(tmp_path):
    animation = waiting(make_dates(tmp_path))
    silent = timezone.now() - timedelta(minutes=10)
    Animation.objects.filter(pk=animation.pk).update(status=Status.RUNNING, worker="gone:1:1", heartbeat_at=silent)
    assert animating.make_here(animation) is True
    assert animation.status == "ready"


def test_a_worker_that_lost_its_film_leaves_no_second_file(tmp_path):
    animation = waiting(make_dates(tmp_path))
    animation.claim()
    Animation.objects.filter(pk=animation.pk).update(worker="another:1:1")
    with pytest.raises(Cancelled):
        jobs.make(animation)
    assert not list(animating.folder().iterdir())


def test_a_refusal_is_final_and_kept_for_the_person(tmp_path):
    animation = waiting(make_dates(tmp_path, empty=(0, 1, 2, 3)))
    tasks.make_animation(animation.pk)
    animation.refresh_from_db()
    assert (animation.status, animation.error.startswith("Plain colours has no data")) == ("failed", True)


def test_old_films_are_tidied_away(tmp_path):
    old, new = (waiting(make_dates(tmp_path), fps=fps) for fps in (1, 2))
    for animation in (old, new):
        animating.make_here(animation)
    Animation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    animating.sweep()
    assert list(Animation.objects.values_list("pk", flat=True)) == [new.pk]
    assert new.path().is_file()
    assert not old.path().is_file()


def test_the_command_makes_a_film(tmp_path):
    make_dates(tmp_path, empty=(1,))
    told = answer_of("animate", "days", "--bbox", 0, 0, 9, 9, "--width", 320, "--out", tmp_path / "f.webp", "--json")
    assert (told["frames"], told["skipped"]) == (3, ["2020-01-02"])
    assert len(stills(tmp_path / "f.webp", 320, told["height"])) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--out", "film.avi"], "does not say the format"), (["--out", "film.mp4", "--product", "x"], "no product 'x'"),
     (["--out", "film.mp4", "--width", "5"], "pixels wide")],
)  # fmt: skip
def test_the_command_says_what_is_wrong(tmp_path, arguments, message):
    make_dates(tmp_path, 2)
    with pytest.raises(CommandError, match=message):
        answer_of("animate", "days", "--bbox", 0, 0, 9, 9, *arguments)
