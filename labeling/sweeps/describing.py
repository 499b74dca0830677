"""Sweeps and what they found, as the API and the commands say them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from labeling import describing
from labeling.models import Campaign, Sweep
from labeling.settling import portions
from labeling.sweeps.found import Heat, Page
from search import keys
from search.describing import Describer
from search.models import Status


def sweep(one: Sweep) -> dict[str, Any]:
    """tiles_per_second: of all workers, since it began."""
    done, total = one.progress()
    parts = one.parts.order_by()
    places = {name: sorted(set(parts.values_list(name, flat=True))) for name in ("level", "product", "day")}
    return {
        "number": one.number, "round": one.round.number if one.round else None, "status": one.status,
        "done": done, "total": total, "shards": {"ready": parts.ready().count(), "total": parts.count()},
        "tiles_per_second": speed(one, done), "error": one.error or first_error(one), "histogram": one.histogram,
        "threshold": one.threshold, "levels": places["level"], "products": places["product"],
        "dates": [keys.written(day) for day in places["day"]], "classifier": one.version,
        "created_at": one.created_at, "started_at": one.started_at, "finished_at": one.finished_at,
    }  # fmt: skip


def speed(one: Sweep, done: int) -> float | None:
    if one.started_at is None or not done:
        return None
    seconds = ((one.finished_at or timezone.now()) - one.started_at).total_seconds()
    return round(done / max(seconds, 1e-3), 1)


def first_error(one: Sweep) -> str:
    """Of a part that failed while the others go on."""
    part = one.parts.filter(status=Status.FAILED).order_by("pk").first()
    return f"{part}: {part.error}" if part else ""


def tiles(campaign: Campaign, page: Page) -> list[dict[str, Any]]:
    """key, bbox, score, label."""
    said = labels(campaign, page.keys)
    described = tiles_of(campaign, page.keys)
    return [
        {"key": str(key), "bbox": tile["bbox"], "score": round(score, 6), "label": said.get(key, (None, None))[1]}
        for key, tile, score in zip(page.keys.tolist(), described, page.scores.tolist(), strict=True)
    ]


def review(campaign: Campaign, page: Page) -> list[dict[str, Any]]:
    """The tiles with what they look like, their score and their card's id."""
    said = labels(campaign, page.keys)
    described = tiles_of(campaign, page.keys)
    return [
        {"key": str(key), **tile, "score": round(score, 6), "card": said.get(key, (None, None))[0]}
        for key, tile, score in zip(page.keys.tolist(), described, page.scores.tolist(), strict=True)
    ]


def tiles_of(campaign: Campaign, packed: np.ndarray) -> list[dict[str, Any]]:
    """As labeling.describing says them; of tiles whose imagery has been deleted nothing."""
    describer, addresses = Describer(campaign.dataset), {key: keys.unpack(key) for key in packed.tolist()}
    describer.look_up(addresses.values())
    return [describing.tile_of(describer, key) for key in packed.tolist()]


def labels(campaign: Campaign, packed: np.ndarray) -> dict[int, tuple[int, str | None]]:
    """Of each key that is a card: the card's id, and its label's code."""
    found: dict[int, tuple[int, str | None]] = {}
    for some in portions(packed.tolist()):
        cards = campaign.cards.filter(key__in=some).order_by().values_list("key", "pk", "label__code")
        found.update({key: (pk, code) for key, pk, code in cards})
    return found


def heat(found: Heat) -> dict[str, Any]:
    """cells: [longitude, latitude of the middle, tiles, best score]."""
    rows: Sequence[Sequence[float]] = found.cells.tolist()
    return {
        "cell": found.cell,
        "cells": [[round(lon, 4), round(lat, 4), int(tiles), round(best, 4)] for lon, lat, tiles, best in rows],
    }
