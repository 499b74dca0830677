"""Imagery from NASA GIBS, or a server like it: a recipe (search/gibs/planning.py) becomes scenes of downloaded tiles.

A date is stored and queued for embedding as soon as it is complete. Every tile on disk is checked before a new run asks
for what is missing, so a repeated run fetches only that.
"""

import json
from collections import Counter
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from django.db import transaction

from search import building, grid, tilesets
from search.errors import BadQuery, Incomplete
from search.gibs import colormaps, endpoint, estimating, planning, rules
from search.gibs.downloading import Download, Missing, Work
from search.gibs.endpoint import Source
from search.gibs.planning import Plan
from search.imports import Report
from search.models import Dataset, Import, Product

LIST = "missing.json"
SOME = 3  # missing tiles named in the sentence
in_background: ContextVar[bool] = ContextVar("in_background", default=True)  # False: shards wait for who asked


def run(job: Import, report: Report) -> dict[str, Any]:
    """Download, store, queue. Incomplete with counts by reason when tiles are missing; SearchErrors of planning."""
    same_server(job.recipe)
    plan = planning.plan(job.recipe)
    fits(job.dataset, plan)
    report.say(plan.sentence())
    for note in plan.notes:
        report.warn(note)
    sources = sorted({sheet.source for sheet in plan.sheets}, key=lambda source: source.time_of_day)
    products = {source: product_of(job.dataset, source, plan.layer.colormap) for source in sources}
    limits = rules.limits(job.recipe.get("connections"), job.recipe.get("megabits"))
    missing: list[Missing] = []
    counts: Counter[str] = Counter()
    with Download(plan.sheets, plan.tiles, limits) as download:
        for work in download.finished():
            report.progress(download.done, download.total, "tiles")
            if work is None:
                told_to_wait(download, report)
                continue
            missing += work.missing
            counts.update(stored(work, products[work.sheet.source], plan, report))
        counts["fetched"], counts["bytes"] = download.fetched, download.bytes
    return ended(job, report, missing, counts)


def same_server(recipe: dict[str, Any]) -> None:
    """A download that was begun from another server, by --endpoint, cannot be gone on with from this one."""
    if recipe.get("host") and recipe["host"] != endpoint.host():
        raise BadQuery(f"This download is from {recipe['host']}: repeat it with gibs_download --endpoint.")


def fits(dataset: Dataset, plan: Plan) -> None:
    """One dataset lies on one pyramid; an empty one takes the download's."""
    wanted = next(pyramid for pyramid in grid.GRIDS.values() if pyramid.epsg == plan.layer.epsg)
    if dataset.kind != Dataset.Kind.MAP:
        raise BadQuery(
            f"{dataset.name} is a gallery of pictures: choose another dataset, or make a new one, for a map."
        )
    if dataset.tms == wanted.id:
        return
    if dataset.products.exists():
        raise BadQuery(f"{dataset.name} holds imagery in {dataset.grid.crs}; this is in {wanted.crs}. "
                       "Choose another dataset, or make a new one.")  # fmt: skip
    dataset.tms = wanted.id
    dataset.save(update_fields=["tms"])


def product_of(dataset: Dataset, source: Source, colormap: str) -> Product:
    """The layer's product in the dataset. colormap: its name, fetched when the product is made, or ""."""
    existing = dataset.products.filter(name=source.product_name).first()
    if existing is not None and existing.source.get("gibs", {}).get("layer") == source.layer:
        return existing
    if existing is not None:
        raise BadQuery(f"{dataset.name} has other imagery of the name {existing.name}: choose another dataset.")
    if colormap:
        place = colormaps.fetch(colormap)
        source = replace(source, colormap=place, units=colormaps.load(place).units)
    clock = f", {source.time_of_day[:5]} UTC" if source.time_of_day else ""
    return Product.objects.create(
        dataset=dataset, number=dataset.next_product_number(), name=source.product_name,
        title=f"{source.title or source.layer}{clock}"[:160], credit=source.credit, source={"gibs": source.stored()},
    )  # fmt: skip


def stored(work: Work, product: Product, plan: Plan, report: Report) -> Counter[str]:
    """One date's tiles as a scene, its shards queued. What is missing is left for a later run."""
    held = work.held
    for level, journal in work.journals.items():
        fresh = [h.bytes for h in journal.held.values()]
        if work.fetched:
            estimating.weigh(work.sheet.source, level, len(fresh), sum(fresh))
    empty = sum(tile.nodata >= 1 for tile in held)
    report.say(told(work, len(held), empty))
    if held:
        with transaction.atomic():
            scene = tilesets.store(product, work.sheet.day, work.sheet.folder, held)
            building.request(scene, levels_for(product.dataset, plan), background=in_background.get())
    return Counter(tiles=len(held), nodata=empty, dates=1)


def told(work: Work, held: int, empty: int) -> str:
    """A date's line in the log."""
    said = f"{work.sheet.source.layer} {work.sheet.time or 'undated'}: {held:,} tiles ({work.fetched:,} fetched)"
    counted = {"without data": empty, "missing": len(work.missing)}
    return ", ".join([said, *(f"{count:,} {what}" for what, count in counted.items() if count)]) + "."


def levels_for(dataset: Dataset, plan: Plan) -> list[int]:
    """The dataset's own choice of levels to index, else the downloaded ones."""
    return sorted(dataset.levels_wanted or plan.levels)


def told_to_wait(download: Download, report: Report) -> None:
    if download.pause > 5:
        report.warn(f"The server asks for a pause: going on in {download.pause:.0f} s.")


def ended(job: Import, report: Report, missing: list[Missing], counts: Counter[str]) -> dict[str, Any]:
    place = job.folder / LIST
    if not missing:
        place.unlink(missing_ok=True)
        return dict(counts)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps([tile.describe() for tile in missing], indent=1))
    Import.objects.filter(pk=job.pk).update(summary={**counts, "missing": len(missing), "list": LIST})
    raise Incomplete(sentence(missing))


def sentence(missing: list[Missing]) -> str:
    """How many are missing, why, and which, the first few."""
    reasons = Counter(tile.reason for tile in missing)
    why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    named = "; ".join(f"{tile.time or 'undated'} level {tile.level} row {tile.row} column {tile.col}: "
                      f"{tile.details or tile.reason}" for tile in missing[:SOME])  # fmt: skip
    return (f"{len(missing):,} tile{'s are' if len(missing) > 1 else ' is'} missing ({why}): {named}"
            f"{' …' if len(missing) > SOME else '.'} Repeat the download: it fetches only those.")  # fmt: skip
