"""A site whose shards are cut short, changed and deleted while people search: right answers or clear errors."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.prepared import lay_out
from tests.search.test_killed import bring_in, finished
from tests.webapp.site import Answer, Site, until

SEARCH = "/api/v1/datasets/earth/search"
CLEAR = {409, 503}


@pytest.fixture(scope="module")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(lay_out(prepared, tmp_path_factory.mktemp("site")), THROTTLE_ANON="off")
    bring_in(site, "01", "--encoder", "colour", "--now")
    site.start().ready()
    yield site
    site.end()


def ask(site: Site, key: str) -> Answer:
    body = json.dumps({"positives": [key], "levels": [5], "k": 20}).encode()
    return site.ask(SEARCH, body=[body], **{"Content-Type": "application/json"})


def found(answer: Answer) -> list[tuple[str, float]]:
    return [(hit["tile"]["key"], hit["score"]) for hit in json.loads(answer.text)["results"]]


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xaa")


def vectors(site: Site) -> Path:
    """Of the live shard of level 5."""
    return next(path for path in site.data.rglob("L05/*/vectors.npy") if not path.parent.name.startswith("damaged-"))


class People(threading.Thread):
    """Somebody who repeats one search."""

    def __init__(self, site: Site, key: str, right: list[tuple[str, float]]) -> None:
        super().__init__()
        self.site, self.key, self.right = site, key, right
        self.stop, self.answers, self.bad = threading.Event(), 0, list[str]()

    def run(self) -> None:
        while not self.stop.is_set():
            answer = ask(self.site, self.key)
            self.answers += 1
            if not self.acceptable(answer):
                self.bad.append(f"{answer.status} {answer.text[:300]!r}")

    def acceptable(self, answer: Answer) -> bool:
        if answer.status == 200:
            return found(answer) == self.right
        return answer.status in CLEAR and len(json.loads(answer.text)["error"]["message"]) > 20


@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
def test_answers_are_right_or_clear_and_the_shard_is_rebuilt(site: Site, harm: Callable[[Path], object]) -> None:
    place = json.loads(site.get("/api/v1/datasets/earth/tiles?lon=20&lat=10&level=5")[1])["key"]
    right = found(ask(site, place))
    people = [People(site, place, right) for _ in range(3)]
    for person in people:
        person.start()
    until(lambda: sum(person.answers for person in people) > 20, 30)
    harm(vectors(site))
    until(lambda: not finished(site), 30, site.output)
    until(lambda: finished(site), 120, site.output)
    after = sum(person.answers for person in people)
    until(lambda: sum(person.answers for person in people) > after + 10, 30)
    for person in people:
        person.stop.set()
        person.join()
    assert [bad for person in people for bad in person.bad] == []
    assert found(ask(site, place)) == right
    assert "SIGBUS" not in site.output()
