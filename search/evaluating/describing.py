"""Evaluations as the API and the page tell of them."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from ml.evaluate.baseline import NAME as BASELINE
from search import jobs
from search.dashboard.activity import sentence
from search.describing import Describer
from search.errors import MissingImagery, NoSuchJob, NoSuchTile
from search.models import Dataset, Evaluation

Person = User | AnonymousUser
Told = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """better: "high" or "low"; "" where neither is better by itself."""

    key: str
    title: str
    words: str
    better: str = "high"
    places: int = 3


NEIGHBOURS = [
    Measure("precision_10", "P@10", "share of the 10 nearest tiles that have the tile's class"),
    Measure("precision_50", "P@50", "the same of the 50 nearest"),
    Measure("knn_20", "kNN 20", "tiles whose 20 nearest vote for the right class, temperature 0.1"),
    Measure("knn_200", "kNN 200", "the same of the 200 nearest"),
]
MEASURES = [
    *NEIGHBOURS,
    Measure("few_shot", "10 labels", "right class by a classifier that saw 10 tiles of each"),
    Measure("alignment", "Alignment", "squared distance of a tile to itself a little altered; 0 is best", "low"),
    Measure("uniformity", "Uniformity", "how evenly vectors are spread; lower is more evenly", "low", 2),
    Measure("effective_rank", "Effective rank", "dimensions that are really in use", "", 1),
    Measure("milliseconds", "ms/tile", "on this machine", "low", 1),
]
PER_CLASS = [*NEIGHBOURS, MEASURES[4]]


def may_see(job: Evaluation, user: Person) -> bool:
    """What a campaign's labels gave is for who asked, and for who manages the dataset."""
    return not is_private(job) or jobs.may_change(job, user)


def is_private(job: Evaluation) -> bool:
    said = job.recipe if isinstance(job.recipe, dict) else {}
    return any(str(said.get(name, "")).startswith("@label:") for name in ("labels", "place"))


def listed(dataset: Dataset, user: Person) -> list[Evaluation]:
    """The newest first."""
    return [job for job in dataset.evaluations.select_related("dataset", "owner") if may_see(job, user)]


def found(dataset: Dataset, number: int, user: Person) -> Evaluation:
    """NoSuchJob for one that is not there, or not theirs to see."""
    job = jobs.found(Evaluation, dataset, number)
    if not may_see(job, user):
        raise NoSuchJob(f"{dataset.name} has no evaluation {number} (any more): look at the list.")
    return job


def describe(job: Evaluation, user: Person, *, whole: bool = True) -> Told:
    """whole: with the report."""
    said: Told = {
        "id": job.pk, "recipe": job.recipe, "status": job.status, "stage": job.stage, "done": job.done,
        "total": job.total, "error": sentence(job.error), "owner": job.owner.username if job.owner else None,
        "may_change": jobs.may_change(job, user), "created_at": job.created_at,
    }  # fmt: skip
    return {**said, "report": job.report} if whole else said


def rows(report: Told) -> list[Told]:
    """The table: an encoder a row, in the order asked; the best of each measure is marked, where one is better."""
    results = [one for one in report.get("results", []) if "error" not in one]
    best = {measure.key: best_of(measure, results) for measure in MEASURES}
    return [{"one": one, "cells": [cell(measure, one, best[measure.key]) for measure in MEASURES]} for one in results]


def best_of(measure: Measure, results: list[Told]) -> float | None:
    known = [one[measure.key] for one in results if one.get(measure.key) is not None]
    if not measure.better or len(known) < 2:
        return None
    best: float = max(known) if measure.better == "high" else min(known)
    return best


def cell(measure: Measure, one: Told, best: float | None) -> Told:
    value = one.get(measure.key)
    low, high = (one.get("intervals") or {}).get(measure.key, (None, None))
    return {
        "text": "–" if value is None else f"{value:.{measure.places}f}",
        "interval": "" if low is None else f"{low:.2f}–{high:.2f}", "is_best": value is not None and value == best,
    }  # fmt: skip


def verdict(report: Told) -> str:
    """What the numbers come to, where that can be said in a sentence; "" for a single encoder that could be measured.

    By P@10: is anything better than colour statistics, the last of the results, beyond what chance allows?
    """
    results = [one for one in report.get("results", []) if "error" not in one]
    learnt, plain = results[:-1], results[-1:]
    if not learnt or plain[0]["name"] != BASELINE or None in learnt[0]["intervals"]["precision_10"]:
        return ""
    best = max(learnt, key=lambda one: one["precision_10"])
    low, high = best["intervals"]["precision_10"][0], plain[0]["intervals"]["precision_10"][1]
    if best["precision_10"] <= plain[0]["precision_10"]:
        return (f"Plain colour statistics tell these classes apart as well as any encoder here (P@10 "
                f"{plain[0]['precision_10']:.2f}, {best['title']} {best['precision_10']:.2f}): these labels are a "
                "matter of colour, or the encoders see too little of what makes them.")  # fmt: skip
    if low <= high:
        return (f"{best['title']} is ahead of plain colour statistics, by less than these labels can tell for sure: "
                "label more places.")  # fmt: skip
    return (f"{best['title']} is ahead of plain colour statistics by more than chance: {best['precision_10']:.2f} "
            f"against {plain[0]['precision_10']:.2f} of the ten nearest.")  # fmt: skip


def limits(report: Told) -> str:
    """What precision can reach at most, where classes are too small to fill the nearest ones."""
    first: Told = next((one for one in report.get("results", []) if "error" not in one), {})
    low = [f"{measure.title} {first['reachable'][measure.key]:.2f}" for measure in NEIGHBOURS
           if first.get("reachable", {}).get(measure.key, 1.0) < 0.995]  # fmt: skip
    return f"Some classes have fewer tiles that count than are looked at: {' and '.join(low)} at most." if low else ""


def charts(report: Told) -> list[Told]:
    """One picture a measure of neighbours: a dot and its interval for each encoder, on a scale from 0 to 1."""
    results = [one for one in report.get("results", []) if "error" not in one]
    return [
        {"measure": measure, "height": 26 * len(results) + 24, "base": 26 * len(results) + 4,
         "lines": [line(measure, one, place) for place, one in enumerate(results)],
         "ticks": [{"at": x_of(tick), "text": f"{tick:g}"} for tick in (0, 0.25, 0.5, 0.75, 1)]}
        for measure in NEIGHBOURS
    ]  # fmt: skip


def line(measure: Measure, one: Told, place: int) -> Told:
    value = one.get(measure.key) or 0.0
    low, high = one["intervals"].get(measure.key, (None, None))
    low, high = (value if low is None else low), (value if high is None else high)
    return {"title": one["title"], "at": x_of(value), "low": x_of(low), "high": x_of(high), "y": 26 * place + 14,
            "text": f"{value:.3f}", "words": f"{one['title']}: {value:.3f}, from {low:.2f} to {high:.2f}"}  # fmt: skip


def x_of(share: float) -> float:
    """Of a chart 380 wide, of which the first 130 are names."""
    return round(136 + 196 * share, 1)


def by_class(report: Told) -> list[Told]:
    """One table a measure: a class a row, an encoder a column."""
    results = [one for one in report.get("results", []) if "error" not in one]
    return [
        {"measure": measure, "rows": [
            {"name": kind["name"], "measured": kind["measured"],
             "cells": [class_cell(one, kind["name"], measure) for one in results]}
            for kind in report["classes"]
        ]}
        for measure in PER_CLASS
    ]  # fmt: skip


def class_cell(one: Told, name: str, measure: Measure) -> str:
    value = one["classes"].get(name, {}).get(measure.key)
    return "–" if value is None else f"{value:.{measure.places}f}"


def strips(dataset: Dataset, report: Told) -> list[Told]:
    """Of each encoder and class a tile and its nearest, as pictures."""
    describer = Describer(dataset)
    found = []
    for one in report.get("results", []):
        if "error" in one:
            continue
        shown = [
            {"name": name, "tiles": [picture(describer, key, label, name) for key, label in held]}
            for name, held in one["strips"].items()
        ]
        found.append({"title": one["title"], "rows": [row for row in shown if row["tiles"]]})
    return found


def picture(describer: Describer, key: str, label: str, wanted: str) -> Told:
    """One that is gone meanwhile has no thumbnail."""
    try:
        tile = describer.tile(int(key))
    except (NoSuchTile, MissingImagery):
        tile = {"thumbnail": ""}
    return {"key": key, "label": label, "is_right": label == wanted, "thumbnail": tile["thumbnail"]}
