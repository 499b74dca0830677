"""One tile, now: for a click where the archive has none."""

import asyncio

import httpx2
from django.db import transaction

from search import tilesets
from search.errors import BadQuery, NoSuchTile, Unreachable
from search.gibs import documents, endpoint, pacing, rules
from search.gibs.asking import Absent, Patience, Told, asked
from search.gibs.checking import BadAnswer, Checked, check
from search.gibs.endpoint import Source
from search.gibs.journal import Journal
from search.gibs.planning import Sheet
from search.models import Product, Scene

BRIEF = Patience(tries=3, connect=5, silence=8, whole=12)  # somebody waits for it


def fetch_one(product: Product, day: int, level: int, row: int, col: int) -> bool:
    """Have one tile of a downloaded product on disk; False when the server has no such tile.

    day: a tile key's.  The file is put into its scene's folder; a scene that exists keeps its version and its list, one
    that does not is made of this tile alone. Raises BadQuery for products that were not downloaded from this server,
    NoSuchTile for levels and places that the layer does not have, TooManyTiles, Unreachable.
    """
    sheet = sheet_of(product, day, level, row, col)
    journal = Journal.opened(sheet, level, [(row, col)])
    if (row, col) not in journal.held:
        rules.check(1)
        found = asyncio.run(_fetched(sheet, sheet.source.url(sheet.time, level, row, col)))
        rules.count(1)
        if found is None:
            journal.close()
            return False
        journal.keep(row, col, *found)
    journal.close()
    if not Scene.objects.filter(product=product, day=day).exists():
        with transaction.atomic():
            tilesets.store(product, day, sheet.folder, [journal.held[row, col]])
    return True


def sheet_of(product: Product, day: int, level: int, row: int, col: int) -> Sheet:
    """The product's date, once it is clear that such a tile may be asked for."""
    if "gibs" not in product.source:
        raise BadQuery(f"{product} was not downloaded from a tile server: there is nowhere to fetch its tiles from.")
    source = Source.read(product.source["gibs"])
    if source.host != endpoint.host():
        raise BadQuery(f"{product} is from {source.host}, which this site does not ask (GIBS_URL).")
    source.grid.check(level, row, col)
    if level > source.deepest:
        raise NoSuchTile(f"{source.layer} has no level {level}: its levels go from 0 to {source.deepest}.")
    return Sheet(source, day if source.dated else 0)


async def _fetched(sheet: Sheet, url: str) -> tuple[bytes, Checked] | None:
    """The file and what it is; None when the server has no such tile; Unreachable when it cannot be had just now."""
    wait = httpx2.Timeout(BRIEF.silence, connect=BRIEF.connect)
    headers = documents.AGENT | {"Accept-Encoding": "identity"}
    form, problem = sheet.source.format, ""
    async with httpx2.AsyncClient(timeout=wait, headers=headers, follow_redirects=False) as client:
        for attempt in range(BRIEF.tries):
            await asyncio.sleep(pacing.backoff(attempt) if attempt else 0)
            try:
                content = await asked(client, url, form, BRIEF)
                good = check(content, form, sheet.source.grid.tile_size)
            except Absent:
                return None
            except (Told, BadAnswer) as error:
                problem = str(error)
            else:
                return content, good
    raise Unreachable(f"The imagery server {endpoint.host()} did not give the tile ({problem}). Try again in a while.")
