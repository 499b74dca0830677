"""`manage.py serve` as a person meets it: start, kill parts of it, stop. Real processes, a long and odd folder name."""

import itertools
import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from tests.prepared import lay_out
from tests.webapp.site import Site, until

PARTS = ["redis", "web.1", "worker", "importer", "learner", "beat"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / ("a long name, with spaces & more " * 4).strip()


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Site]:
    site = Site(data).start()
    yield site.ready()
    site.end()


@pytest.fixture
def site(prepared: Path, data: Path) -> Iterator[Site]:
    """One that may be killed; begun when `running` has ended or never ran."""
    site = Site(lay_out(prepared, data.with_name("another")))
    yield site.start().ready()
    site.end()


def test_it_prints_its_address_in_a_box(running: Site) -> None:
    until(lambda: f"│  Lookalike is ready: http://127.0.0.1:{running.port}/  │" in running.output(), 5, running.output)


def test_pages_name_static_files_that_are_there_and_may_be_kept_for_ever(running: Site) -> None:
    status, page = running.get("/accounts/login/")
    found = re.search(r'href="(/static/base/css/base\.[0-9a-f]+\.css)"', page.decode())
    assert status == 200
    assert found, page
    assert running.get(found[1])[1] == (settings.BASE_DIR / "static/base/css/base.css").read_bytes()


def test_static_files_are_compressed_partial_and_revalidated(running: Site) -> None:
    """What WhiteNoise does, through our own way of answering."""
    path = "/static/base/css/base.css"
    assert running.ask(path, **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert running.ask(path, Range="bytes=0-9").status == 206
    modified = running.ask(path).headers["Last-Modified"]
    assert running.ask(path, **{"If-Modified-Since": modified}).status == 304
    assert "StreamingHttpResponse" not in running.output()


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_of_100_mb_is_answered_413_in_our_shape(running: Site, chunked: bool) -> None:
    response = running.ask("/api/v1/datasets/x/search", body=itertools.repeat(bytes(2**20), 100), chunked=chunked)
    assert response.status == 413
    assert json.loads(response.text)["error"]["code"] == "too_large"


def test_metrics_tell_of_every_process_by_its_name(running: Site) -> None:
    status, found = running.get("/metrics")
    assert status == 200
    for name in PARTS:
        assert f'lookalike_resident_bytes{{process="{name}"}}'.encode() in found
    assert b'lookalike_requests_total{method="GET",status="200",view="readyz"}' in found


def test_the_web_process_counts_on_after_it_was_killed(running: Site) -> None:
    def healthy() -> float:
        line = re.search(rb'_requests_total\{[^}]*view="healthz"[^}]*\} (\S+)', running.ask("/metrics").text)
        return float(line[1]) if line else 0

    running.get("/healthz")
    before = healthy()
    killed = running.children()["web.1"]
    os.kill(killed, signal.SIGKILL)
    until(lambda: running.children()["web.1"] != killed, 15, running.output)
    running.ready()
    assert healthy() >= before > 0


@pytest.mark.parametrize("name", PARTS)
def test_what_is_killed_comes_back(running: Site, name: str) -> None:
    killed = running.children()[name]
    os.kill(killed, signal.SIGKILL)
    until(lambda: running.children()[name] != killed, 15, running.output)
    running.ready()
    assert f"{name} was killed by SIGKILL" in running.output()


def test_a_second_start_says_where_the_first_one_runs(running: Site) -> None:
    second = Site(running.data).command()
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"already runs on {running.data} at http://127.0.0.1:{running.port}/ (pid {running.process.pid})" in output
    assert f"kill {running.process.pid}" in output


def test_a_chosen_port_that_is_taken_is_an_error_that_names_the_holder(running: Site, tmp_path: Path) -> None:
    second = Site(tmp_path, PORT=str(running.port)).command()
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"Port {running.port} is taken by " in output
    assert f"PORT={running.port + 1}" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_everything_within_seconds(site: Site, number: int) -> None:
    family = site.family()
    assert site.stop(number, seconds=12) == 0, site.output()
    assert not [process for process in family if process.is_running()]
    socket.create_server(("127.0.0.1", site.port)).close()
    assert not (site.data / "run" / "serve.json").exists()


def test_no_process_outlives_a_killed_supervisor_and_the_next_start_works(site: Site) -> None:
    family = site.family()
    site.process.kill()
    site.process.wait(5)
    assert psutil.wait_procs(family, timeout=10)[1] == []
    site.start().ready()
