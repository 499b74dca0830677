"""What there is to ask for: indexed tiles to search with, and addresses of pictures of tiles."""

import random
import sys
from typing import Any

from tests.load.connection import Connection

WANTED = 300  # tiles to search with
TRIED = 10  # places looked at for each that is wanted


class Places:
    """Random, but the same for the same seed."""

    def __init__(self, url: str, slug: str, seed: int) -> None:
        self.connection, self.slug = Connection(url), slug
        self.api = f"/api/v1/datasets/{slug}"
        self.dice = random.Random(seed)
        self.tiles: list[dict[str, Any]] = []  # as the API describes them
        self.warm: list[str] = []
        self.used: set[str] = set()

    async def look_around(self) -> None:
        """Find tiles that are indexed; ends the program where there are none."""
        self.dataset = (await self.connection.get(f"{self.api}/")).json()
        if not self.dataset:
            sys.exit(f"No dataset {self.slug!r} there: start the site (make demo), or give URL and --dataset.")
        if self.dataset["kind"] == "gallery":
            page = await self.connection.get(f"{self.api}/tiles?limit=200")
            self.tiles = page.json()["results"]
        else:
            await self.try_places()
        self.connection.close()
        if not self.tiles:
            sys.exit("Nothing is searchable there yet: wait until the first shard is ready.")

    async def try_places(self) -> None:
        shards = [
            (product["name"], date["date"], level["level"], level["tiles"])
            for product in self.dataset["products"]
            for date in product["dates"]
            for level in date["levels"]
            if level["searchable"]
        ]
        weights = [tiles for *_, tiles in shards]
        for product, date, level, _ in self.dice.choices(shards, weights, k=WANTED * TRIED) if shards else ():
            west, south, east, north = self.dataset["extent"]
            lon, lat = self.dice.uniform(west, east), self.dice.uniform(south, north)
            at = f"lon={lon:.4f}&lat={lat:.4f}&level={level}&product={product}"
            at += "" if date == "static" else f"&date={date}"
            tile = (await self.connection.get(f"{self.api}/tiles?{at}")).json()
            known = tile and (await self.connection.get(f"{self.api}/tiles/{tile['key']}/")).json()
            if known and known["metrics"]:
                self.tiles.append(tile)
            if len(self.tiles) >= WANTED:
                return

    def tile(self) -> dict[str, Any]:
        return self.dice.choice(self.tiles)

    def picture(self) -> str:
        """Any tile of the map that the imagery's levels have: most were never asked for."""
        tile = self.tile()
        if self.dataset["kind"] == "gallery":
            return str(tile["thumbnail"])
        level = self.dice.choices(range(2, tile["level"] + 3), [4**i for i in range(tile["level"] + 1)])[0]
        row, col = self.dice.randrange(5 * 2**level // 8), self.dice.randrange(10 * 2**level // 8)
        head, _, tail = tile["image"].rpartition("/" + "/".join(str(tile[part]) for part in ("level", "row", "col")))
        return f"{head}/{level}/{row}/{col}{tail}"

    def new_picture(self) -> str:
        """One that this run has not asked for, while there are any."""
        for _ in range(100):
            found = self.picture()
            if found not in self.used:
                break
        self.used.add(found)
        return found
