"""Imports of kind "embeddings": vectors that others made, as Parquet files.

The recipe: {"paths": [files or addresses], "options": {"product", "title", "credit", "date", "model", "level",
"vector", "geometry", "date_column"}}, all of them optional: columns are found by their usual names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search import embeddings
from search.errors import BadImagery
from search.imports import Report, files
from search.intake import remote
from search.intake.options import Options, home_of
from search.models import Dataset, Import

COLUMNS = {"vector": "vector", "geometry": "geometry", "date_column": "date"}
OWN = {"model", "level", *COLUMNS}
SHARED = {"product", "title", "credit", "date"}


def run(job: Import, report: Report) -> dict[str, Any]:
    said = {name: value for name, value in job.recipe.items() if name in OWN | SHARED} | dict(
        job.recipe.get("options") or {}
    )
    options = options_of(job.dataset, said)
    if job.owner:
        for path in job.recipe["paths"]:
            files.allowed(str(path), job.owner)
    level = files.as_asked("levels", said["level"])[0] if said.get("level") not in (None, "") else None
    found = embeddings.bring_in(
        had(job.recipe["paths"], options), options, model=str(said.get("model") or ""), level=level,
        columns={kind: str(said[name]) for name, kind in COLUMNS.items() if said.get(name)},
        on_progress=lambda done, total: report.progress(done, total, "rows"),
    )  # fmt: skip
    for sentence in sentences(found):
        report.say(sentence)
    return {"scenes": len(found.scenes), "shards": len(found.scenes), "level": found.level, "vectors": found.vectors,
            "collisions": found.collisions, "refused_count": found.without_direction + found.without_place,
            "refused": []}  # fmt: skip


def options_of(dataset: Dataset, said: Mapping[str, Any]) -> Options:
    unknown = set(said) - OWN - SHARED
    if unknown:
        raise BadImagery(f"There is no option {', '.join(sorted(unknown))}: use {', '.join(sorted(OWN | SHARED))}.")
    return files.options_of(dataset, {name: value for name, value in said.items() if name in SHARED})


def had(paths: list[str], options: Options) -> list[Path]:
    """The files, after fetching those that are addresses."""
    found = [remote.fetched(p, home_of(options) / "fetched") if remote.is_address(p) else Path(p) for p in paths]
    return [file for path in found for file in (sorted(path.glob("**/*.parquet")) if path.is_dir() else [path])]


def sentences(found: embeddings.Report) -> list[str]:
    """What came of it, for people."""
    said = [f"{found.vectors:,} vectors are searchable at level {found.level}, on {len(found.scenes)} dates."]
    if found.collisions:
        said.append(f"{found.collisions:,} were left out, as another lies nearer to the middle of their tile: "
                    "a finer --level keeps more.")  # fmt: skip
    if found.without_direction:
        said.append(f"{found.without_direction:,} were left out: zero, not finite, or of another length.")
    if found.without_place:
        said.append(f"{found.without_place:,} were left out: no place on Earth, or across the date line.")
    if found.one_scene:
        said.append(f"The vectors have more than {embeddings.MOST_DAYS} days: all are in one undated scene.")
    if found.known_files:
        said.append(f"{found.known_files:,} files were imported before, and skipped.")
    return said
