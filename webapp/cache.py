"""Django's Redis cache with one client for the process."""

from functools import cache, cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class SharedCache(RedisCache):
    """Under ASGI Django makes the caches anew for each request: each then opened a connection of its own, 2 ms."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.server = server

    @cached_property
    def _cache(self) -> RedisCacheClient:
        return client_of(self.server)


@cache
def client_of(server: str) -> RedisCacheClient:
    """Thread-safe: its pool has a connection for each thread that asks at the same moment."""
    return RedisCacheClient([server])
