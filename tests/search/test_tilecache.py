"""TileCache by itself: bounded, one render for many, errors reach all."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.tilecache import TileCache


def test_what_was_rendered_is_kept() -> None:
    cache = TileCache(lambda: 100)
    assert [cache.get("a", lambda: b"first"), cache.get("a", lambda: b"second")] == [b"first", b"first"]
    assert (cache.hits, cache.misses, cache.bytes) == (1, 1, 5)


def test_the_least_recently_used_goes_first_when_it_is_full() -> None:
    cache = TileCache(lambda: 10)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: bytes(4))
    assert (len(cache), cache.bytes, cache.evicted) == (2, 8, 1)
    assert cache.get("a", lambda: b"new") == bytes(4)
    assert cache.get("b", lambda: b"new") == b"new"


def test_what_is_larger_than_the_cache_is_given_but_not_kept() -> None:
    cache = TileCache(lambda: 10)
    cache.get("small", lambda: bytes(4))
    assert len(cache.get("large", lambda: bytes(11))) == 11
    assert (len(cache), cache.bytes) == (1, 4)


def test_a_bound_of_nothing_keeps_nothing() -> None:
    cache = TileCache(lambda: 0)
    cache.get("a", lambda: b"x")
    assert (len(cache), cache.bytes) == (0, 0)


def together(cache: TileCache, render) -> list[object]:
    """Eight threads ask for one picture while it is being made."""
    go, made = threading.Event(), []

    def slowly() -> bytes:
        made.append(1)
        go.wait(5)
        return render()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cache.get, "a", slowly) for _ in range(8)]
        while cache.shared < 7:
            pass
        go.set()
    return [made, *(one.exception() or one.result() for one in asked)]


def test_many_who_ask_at_once_share_one_render() -> None:
    made, *answers = together(TileCache(lambda: 100), lambda: b"tile")
    assert (made, answers) == ([1], [b"tile"] * 8)


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    cache = TileCache(lambda: 100)
    made, *answers = together(cache, lambda: bytes(1 // 0))
    assert made == [1]
    assert all(isinstance(answer, ZeroDivisionError) for answer in answers)
    assert cache.get("a", lambda: b"better") == b"better"


@pytest.mark.parametrize("keys", [("a", "b"), ((1, "v1"), (1, "v2"))])
def test_other_keys_are_other_pictures(keys) -> None:
    cache = TileCache(lambda: 100)
    assert [cache.get(key, lambda key=key: repr(key).encode()) for key in keys] == [repr(key).encode() for key in keys]
