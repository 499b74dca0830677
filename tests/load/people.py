"""What a person does, again and again: each function is one round and says what it asked."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.load.connection import Answer, Connection
from tests.load.places import Places
from tests.load.tally import Tally

WARM = 200  # pictures that everybody looks at
SCREEN = 12  # pictures that a visitor loads at a time


class Person:
    """Someone with one connection, who waits as long as a 503 says."""

    def __init__(self, url: str, places: Places, tally: Tally) -> None:
        self.connection, self.places, self.tally = Connection(url), places, tally

    async def ask(self, kind: str, request: Awaitable[Answer]) -> Answer:
        answer = await request
        self.tally.add(kind, answer)
        if answer.status != 200:
            await asyncio.sleep(max(0.05, answer.retry_after) * self.places.dice.uniform(0.5, 1.5))
        return answer

    async def search(self) -> None:
        tile = self.places.tile()
        query = {"positives": [tile["key"]], "k": 50, "levels": [tile["level"]]}
        await self.ask("search", self.connection.post(f"{self.places.api}/search", query))

    async def click(self) -> None:
        tile, api = self.places.tile(), self.places.api
        if tile["center"]:
            lon, lat = tile["center"]
            at = f"lon={lon}&lat={lat}&level={tile['level']}&product={tile['product']}"
            at += "" if tile["date"] == "static" else f"&date={tile['date']}"
            await self.ask("tile lookup", self.connection.get(f"{api}/tiles?{at}"))
        await self.search()

    async def cold(self) -> None:
        await self.ask("cold tile", self.connection.get(self.places.new_picture()))

    async def warm(self) -> None:
        """One of a few that everybody looks at."""
        while len(self.places.warm) < WARM:
            self.places.warm.append(self.places.picture())
        await self.ask("warm tile", self.connection.get(self.places.dice.choice(self.places.warm)))

    async def visit(self) -> None:
        """The page, a screen of tiles, a click, the results' pictures."""
        await self.ask("page", self.connection.get(f"/?dataset={self.places.slug}"))
        for _ in range(SCREEN):
            await self.ask("tile", self.connection.get(self.places.picture()))
        await self.click()
        for _ in range(SCREEN):
            await self.ask("thumbnail", self.connection.get(self.places.tile()["thumbnail"]))


ROUNDS: dict[str, Callable[[Person], Awaitable[None]]] = {
    "search": Person.search,
    "click": Person.click,
    "cold": Person.cold,
    "warm": Person.warm,
    "visit": Person.visit,
}
