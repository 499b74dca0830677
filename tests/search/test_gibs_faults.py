"""A tile server that misbehaves: the download ends complete, or says which tiles are missing and why."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from search.gibs import endpoint, pacing, rules
from search.gibs.asking import Patience
from tests.gibs_downloads import HASTY, IMPATIENT, TERRA, fetch, on_disk, plan, tiles_on_disk
from tests.gibs_server import GibsServer

PLACE = "/6/18/41.jpg"  # one of the nine
PASSING = ["429", "503", "500", "slow", "cut", "html", "type", "size", "drop", "empty", "junk"]
REASONS = {
    "500": "server error", "slow": "timed out", "cut": "connection failed", "html": "wrong type", "type": "wrong type",
    "size": "wrong size", "drop": "connection failed", "empty": "not a whole image", "junk": "not a whole image",
    "redirect": "refused", "429": "server too busy",
}  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GibsServer]:
    monkeypatch.setattr(pacing, "BASE", 0.02)
    with GibsServer() as server, endpoint.chosen(server.url):
        yield server


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_got_over(server: GibsServer, fault: str) -> None:
    server.misbehave(PLACE, fault, times=2, seconds=8)
    (work,) = fetch(plan(), IMPATIENT if fault == "slow" else HASTY)
    assert len(work.held) == 9
    assert not work.missing


@pytest.mark.parametrize(("fault", "reason"), REASONS.items())
def test_a_fault_that_stays_is_named_with_its_tile(server: GibsServer, fault: str, reason: str) -> None:
    server.misbehave(PLACE, fault, seconds=8)
    (work,) = fetch(plan(), IMPATIENT if fault == "slow" else HASTY)
    assert [(t.level, t.row, t.col, t.reason) for t in work.missing] == [(6, 18, 41, reason)]
    assert len(work.held) == 8


def test_a_second_run_fetches_only_what_was_missing(server: GibsServer) -> None:
    server.misbehave(PLACE, "html")
    fetch(plan())
    server.behave()
    server.forget()
    (work,) = fetch(plan())
    assert len(work.held) == 9
    assert server.tiles_asked == work.fetched == 1


def test_the_files_are_byte_for_byte_what_the_server_sent(server: GibsServer) -> None:
    wanted = plan()
    fetch(wanted)
    source = wanted.sheets[0].source
    sent = {
        f"6/{row}/{col}": httpx2.get(source.url("2012-07-09", 6, row, col)).content
        for row, col in wanted.tiles[6].tolist()
    }
    kept = {
        "/".join(name.split("/")[-3:])[:-4]: content
        for name, content in on_disk(wanted).items()
        if name.endswith("jpg")
    }
    assert kept == sent


def test_no_part_of_a_file_is_left_behind(server: GibsServer) -> None:
    server.misbehave(PLACE, "cut")
    fetch(plan())
    assert not [name for name in on_disk(plan()) if "part" in name]
    assert len(tiles_on_disk(plan())) == 8


def test_a_tile_that_the_server_lacks_is_named_and_asked_for_once_a_run(server: GibsServer) -> None:
    server.misbehave(PLACE, "404")
    (work,) = fetch(plan())
    assert ([tile.reason for tile in work.missing], len(work.held)) == (["not on the server"], 8)
    assert server.tiles_asked == 9


def test_what_the_server_lacked_is_all_that_a_second_run_asks_for(server: GibsServer) -> None:
    server.misbehave(PLACE, "404")
    fetch(plan())
    server.behave()
    server.forget()
    (work,) = fetch(plan())
    assert (work.missing, len(work.held), server.tiles_asked) == ([], 9, 1)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_everybody_waits_when_the_server_says_so(server: GibsServer, form: str) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=5)
    server.misbehave(
        PLACE, "429", times=1, retry_after="2" if form == "seconds" else format_datetime(soon, usegmt=True)
    )
    limits = rules.Limits(connections=1, megabits=None, requests=None)
    (work,) = fetch(plan(), limits=limits)
    pauses = sorted(b - a for a, b in zip(server.moments, server.moments[1:], strict=False))
    assert len(work.held) == 9
    assert pauses[-1] > 1
    assert pauses[-2] < 1


def test_a_server_that_asks_to_wait_for_hours_ends_the_download(server: GibsServer) -> None:
    server.misbehave("/250m/", "503", retry_after="7200")
    (work,) = fetch(plan())
    assert len(work.missing) == 9
    assert "wait 120 minutes" in work.missing[0].details


def test_a_server_that_fails_everything_is_not_asked_for_everything(server: GibsServer) -> None:
    server.misbehave("/250m/", "500")
    wanted = plan(bbox=[-180, -90, 180, 90], levels=[5])
    (work,) = fetch(wanted, Patience(tries=2, hopeless=20))
    assert len(work.missing) == 800
    assert server.tiles_asked < 400
    assert "the server failed 20 tiles in a row" in work.missing[-1].details


def test_a_redirect_is_not_followed(server: GibsServer) -> None:
    server.misbehave(PLACE, "redirect")
    (work,) = fetch(plan())
    assert work.missing[0].details == "it answered 302"


def test_no_more_requests_at_once_than_allowed(server: GibsServer) -> None:
    server.latency = 0.05
    fetch(plan(levels=[7]), limits=rules.Limits(connections=4, megabits=None, requests=None))
    assert server.most_at_once <= 4


def test_requests_keep_to_their_rate(server: GibsServer) -> None:
    fetch(plan(levels=[6, 7]), limits=rules.Limits(connections=8, megabits=None, requests=20))
    assert len(server.moments) == 45
    assert server.moments[-1] - server.moments[0] > 0.9  # a second's worth at once, then 20 a second


async def test_who_took_more_bytes_than_there_were_waits_for_them() -> None:
    bucket = pacing.Bucket(rate=1000)
    bucket.take(1400)
    began = time.monotonic()
    await bucket.wait()
    assert time.monotonic() - began > 0.3


def test_black_tiles_are_told_from_data(server: GibsServer) -> None:
    (work,) = fetch(plan(layer=TERRA, bbox=[-180, -90, 180, 90], levels=[1]))
    shares = {(held.row, held.col): held.nodata for held in work.held}
    assert max(shares.values()) > 0.2
    assert all(0 <= share <= 1 for share in shares.values())


def test_a_temperature_keeps_its_transparent_pixels_as_no_data(server: GibsServer) -> None:
    (work,) = fetch(plan(layer="MODIS_Terra_Brightness_Temp_Band31_Day", bbox=[-180, -90, 180, 90], levels=[0]))
    assert max(held.nodata for held in work.held) > 0.3


def test_a_changed_file_is_fetched_again(server: GibsServer) -> None:
    wanted = plan()
    (work,) = fetch(wanted)
    path = work.journals[6].file(18, 41)
    good = path.read_bytes()
    path.write_bytes(good[:-50])
    (again,) = fetch(wanted, HASTY)
    assert again.fetched == 1
    assert path.read_bytes() == good


def test_a_file_that_no_record_knows_is_taken_when_it_is_whole(server: GibsServer) -> None:
    wanted = plan()
    (work,) = fetch(wanted)
    record = work.journals[6].folder / "tiles.jsonl"
    before = record.read_bytes()
    record.write_bytes(b'{"row": 18, "col": 4')
    (again,) = fetch(wanted)
    assert again.fetched == 0
    assert record.read_bytes() == before


def test_another_level_lies_in_another_folder(server: GibsServer) -> None:
    fetch(plan(levels=[6]))
    (work,) = fetch(plan(levels=[7]))
    assert work.fetched == len(work.held)
