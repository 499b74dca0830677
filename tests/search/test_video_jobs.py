"""Videos through the site's imports: as a job with its log, by the command, by the form, in an upload and in a zip."""

import io
import json
import zipfile

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import QueryDict

from search import columns, frames, imports, joblog, uploads
from search.dashboard import forms
from search.errors import BadImagery, BadQuery
from search.imports import files
from search.intake.framing import Framing
from search.models import Dataset, Import, Scene, Shard
from tests.factories import build_all
from tests.videos import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def gallery(world):
    kind, encoder = Dataset.Kind.GALLERY, world.encoder
    return Dataset.objects.create(
        number=Dataset.next_number(), slug="drives", name="Drives", encoder=encoder, kind=kind
    )


def job(dataset, *paths, owner=None, **options):
    recipe = {"paths": [str(path) for path in paths], "options": options}
    return imports.start(dataset, "files", recipe, owner, background=False)


def told(row):
    return "\n".join(line["text"] for line in joblog.tail(row))


def images(dataset):
    return Scene.objects.get(product__dataset=dataset).images


def test_a_job_takes_frames_and_says_what_was_missing(gallery, tmp_path):
    film = make_video(tmp_path / "a.mp4", frames=100, movflags="faststart")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    row = job(gallery, film, every=0.5, min_change=0.001)
    assert imports.run_here(row)
    row.refresh_from_db()
    assert row.summary["notes"][0].startswith("a.mp4 was cut short")
    assert "a.mp4 was cut short" in told(row)
    assert images(gallery) > 4


def test_progress_counts_seconds_of_video_and_then_files(gallery, tmp_path):
    row, seen = job(gallery, make_video(tmp_path / "a.mp4", frames=50)), []

    def look(done, total):
        seen.append((Import.objects.get(pk=row.pk).unit, total))

    imports.run_here(row, look)
    assert list(dict.fromkeys(seen)) == [("seconds of video", 5), ("files", 5)]


def test_a_stopped_job_stops_in_the_middle_of_a_video_and_goes_on_later(gallery, tmp_path):
    row = job(gallery, make_video(tmp_path / "a.mp4", frames=50))

    def stop(done, total):
        Import.objects.filter(pk=row.pk).cancel()

    assert not imports.run_here(row, stop)
    assert not Scene.objects.filter(product__dataset=gallery).exists()
    Import.objects.filter(pk=row.pk).retry()
    assert imports.run_here(Import.objects.get(pk=row.pk))
    assert images(gallery) == 5


def test_an_uploaded_video_may_be_tidied_away_afterwards(gallery, tmp_path):
    owner = User.objects.create_user("somebody")
    film = make_video(tmp_path / "a.mp4")
    upload = uploads.create(gallery, owner, name="a.mp4", size=film.stat().st_size)
    with film.open("rb") as stream:
        uploads.append(upload, 0, stream)
    assert imports.run_here(job(gallery, upload.file, owner=owner))
    uploads.remove(upload)
    build_all(gallery)
    assert Shard.objects.of(gallery).get().tiles == 3


def test_videos_in_a_zip_are_taken(gallery, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in ("city", "field"):
            archive.write(make_video(tmp_path / f"{name}.mp4", frames=11), f"{name}/drive.mp4")
    assert imports.run_here(job(gallery, tmp_path / "set.zip"))
    build_all(gallery)
    codes, texts = columns.texts(frames.opened(gallery), "label")
    assert [texts[code] for code in codes] == ["city", "city", "field", "field"]


def test_time_change_and_video_are_columns_that_filters_know(gallery, tmp_path):
    imports.run_here(job(gallery, make_video(tmp_path / "a.mp4")))
    frame = frames.opened(build_all(gallery))
    assert columns.numbers(frame, "frame_time").tolist() == [0, 1, 2]
    assert columns.texts(frame, "video")[1] == ["a.mp4"]
    assert (columns.numbers(frame, "frame_change")[1:] > 0).all()


@pytest.mark.parametrize(("said", "wanted"), [
    ({"every": 2}, Framing(2)), ({"fps": 4}, Framing(0.25)), ({"frames": 9, "min_change": 0.1}, Framing(1, 0.1, 9)),
    ({"share": 0.5}, Framing(1, 0, 0, 0.5)), ({}, Framing()),
])  # fmt: skip
def test_a_recipe_says_which_frames(gallery, said, wanted):
    assert files.options_of(gallery, said).framing == wanted


@pytest.mark.parametrize("said", [{"fps": 0}, {"every": -2}, {"frames": "some"}, {"frames": 3, "share": 0.2}])
def test_a_recipe_that_makes_no_sense_is_refused(gallery, said):
    with pytest.raises(BadImagery):
        files.options_of(gallery, said)


def form(**values):
    query = QueryDict(mutable=True)
    query.update(values)
    return forms.recipe("files", query)


def test_the_form_takes_per_cent_and_shares():
    assert form(every="0,5", min_change="2", keep="5 %") == {
        "every": 0.5, "min_change": 0.02, "share": 0.05, "convert": False,
    }  # fmt: skip
    assert form(keep="200") == {"frames": 200, "convert": False}


@pytest.mark.parametrize("values", [{"every": "often"}, {"keep": "some"}, {"keep": "2.5"}, {"min_change": "x"}])
def test_a_form_that_cannot_be_read_is_refused(values):
    with pytest.raises(BadQuery, match="are numbers"):
        form(**values)


def test_the_dataset_page_of_a_gallery_asks_which_frames(gallery, client):
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(f"/datasets/{gallery.slug}/").content.decode()
    assert 'name="keep"' in page
    assert ".mp4" in page


def run(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_the_command_takes_a_folder_of_videos(tmp_path):
    for name in "ab":
        make_video(tmp_path / f"{name}.mp4", frames=20)
    said = ["import_images", tmp_path, "--dataset", "films", "--encoder", "colour", "--now", "--json"]
    answer = run(*said, "--fps", 2, "--frames", 3)
    assert (answer["shards"][0]["tiles"], answer["notes"], answer["refused"]) == (6, [], [])


@pytest.mark.parametrize(("words", "message"), [(["--fps", 0], "frames a second"),
                                                (["--min-change", 2], "from 0 to 1")])  # fmt: skip
def test_the_command_says_what_to_change(tmp_path, words, message):
    make_video(tmp_path / "a.mp4", frames=3)
    with pytest.raises(CommandError, match=message):
        run("import_images", tmp_path, "--dataset", "films", "--encoder", "colour", *words)
