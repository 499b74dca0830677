"""/metrics: what it says, and to whom."""

import os
import subprocess
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from search.models import Shard
from tests.factories import make_map
from webapp.metrics import views
from webapp.serve.record import Record

pytestmark = pytest.mark.django_db


def read(client: Client) -> dict[str, float]:
    """Each line without its comment: name with labels → value."""
    response = client.get("/metrics")
    assert response.status_code == 200, response.content
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_requests_are_counted_by_view_not_by_address(client: Client) -> None:
    name = 'lookalike_requests_total{method="GET",status="404",view="tile"}'
    before = read(client).get(name, 0)
    for number in range(3):
        client.get(f"/tiles/nothing-{number}/x/static/1/1/1.webp")
    found = read(client)
    assert found[name] == before + 3
    assert not [line for line in found if "nothing-" in line]


def test_unknown_addresses_and_methods_share_one_name_each(client: Client) -> None:
    client.generic("BREW", "/coffee")
    assert 'lookalike_requests_total{method="other",status="404",view="none"}' in read(client)


def test_searches_are_timed_by_dataset(client: Client, world: object) -> None:
    before = read(client).get('lookalike_search_seconds_count{dataset="world"}', 0)
    key = client.get("/api/v1/datasets/world/tiles?lon=10&lat=45&level=5").json()["key"]
    client.post("/api/v1/datasets/world/search", {"positives": [key]}, "application/json")
    assert read(client)['lookalike_search_seconds_count{dataset="world"}'] == before + 1


def test_caches_tell_their_hits(client: Client, world: object) -> None:
    before = read(client)
    for _ in range(2):
        client.get("/tiles/world/true-colour/2004-01-01/5/7/21.webp")
    found = read(client)
    assert found["lookalike_tile_hits_total"] == before["lookalike_tile_hits_total"] + 1
    assert found["lookalike_tile_misses_total"] == before["lookalike_tile_misses_total"] + 1
    assert found["lookalike_tile_cache_tiles"] == 1


def test_shards_and_recall_come_from_the_database(client: Client) -> None:
    dataset = make_map("counted", levels=(4, 5))
    first, second = Shard.objects.of(dataset)
    Shard.objects.filter(pk=first.pk).update(status="ready", recall=0.9, tiles=100, engine="annoy")
    Shard.objects.filter(pk=second.pk).update(status="ready", recall=1.0, tiles=300, engine="annoy")
    found = read(client)
    assert found['lookalike_shards{dataset="counted",status="ready"}'] == 2
    assert found['lookalike_tiles{dataset="counted"}'] == 400
    assert found['lookalike_recall_min{dataset="counted",engine="annoy"}'] == 0.9
    assert found['lookalike_recall_mean{dataset="counted",engine="annoy"}'] == pytest.approx(0.975)


def test_the_queue_and_the_processes_are_told(client: Client) -> None:
    cache.get("anything")
    found = read(client)
    assert found["lookalike_queue"] >= 0
    assert found["lookalike_redis_up"] == 1
    assert found['lookalike_resident_bytes{process="web"}'] > found['lookalike_shared_bytes{process="web"}'] > 0


def test_without_redis_the_rest_is_told(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere.sock"
    found = read(client)
    assert found["lookalike_redis_up"] == 0
    assert "lookalike_queue" not in found


def test_processes_have_the_names_that_serve_gave_them(client: Client, settings: Settings) -> None:
    record = Record(settings.RUN_DIR)
    record.write("http://x/", {"web.1": (os.getpid(), views.psutil.Process().create_time()), "gone": (1, 0.0)})
    names = [name for name in read(client) if name.startswith("lookalike_resident")]
    record.clear()
    assert names == ['lookalike_resident_bytes{process="web.1"}']


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "nonsense", ""])
def test_strangers_are_refused(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.8.8"])
def test_this_machine_may_read(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_this_machine(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_behind_our_proxy_its_word_counts(client: Client, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1, 192.0.2.7"}).status_code == 403
    assert client.get("/metrics").status_code == 200


def test_a_token_opens_it_from_anywhere_and_is_then_needed_everywhere(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "a long secret"
    right = {"Authorization": "Bearer a long secret"}
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers=right).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer a long secre"}).status_code == 403
    assert client.get("/metrics").status_code == 403


def test_staff_may_read_and_others_may_not(admin_client: Client, settings: Settings, django_user_model: object) -> None:
    settings.METRICS_TOKEN = "a long secret"
    assert admin_client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 200
    other = Client()
    other.force_login(django_user_model.objects.create_user("someone"))  # type: ignore[attr-defined]
    assert other.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403


def test_it_works_without_https_as_health_does(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/metrics").status_code == 200


def test_what_a_dead_process_had_in_flight_is_forgotten_and_what_it_counted_kept(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    for pid in (dead.pid, os.getpid()):
        for kind in ("gauge_livesum", "counter"):
            (tmp_path / f"{kind}_{pid}.db").touch()
    views.forget_dead(tmp_path)
    assert not (tmp_path / f"gauge_livesum_{dead.pid}.db").exists()
    assert len(list(tmp_path.iterdir())) == 3
