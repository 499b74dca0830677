"""Imports of kind "files": rasters, pictures, zips, lists and addresses that somebody uploaded or named.

The recipe: {"paths": [files, folders or addresses], "options": {…}}. Options are those of RECIPE below, each as JSON.
What somebody asked for through the site is held against what they may import, here again and not only when they asked.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from search import importing, uploads
from search.errors import BadImagery, NotAllowed
from search.imports import Report
from search.intake.framing import Framing
from search.intake.options import Options
from search.intake.remote import is_address
from search.intake.stretching import Stretching
from search.models import Dataset, Import, Shard

TOLD = 1000  # refused files whose reasons are kept with the import; the log has all


def numbers(value: Any) -> tuple[float, ...]:
    return tuple(float(one) for one in (value if isinstance(value, list | tuple) else [value]))


def whole_numbers(value: Any) -> tuple[int, ...]:
    return tuple(int(one) for one in numbers(value))


def a_pattern(value: Any) -> str:
    """As strptime writes it: a regular expression from elsewhere could keep a worker busy for ever."""
    if "(?" in str(value):
        raise BadImagery("Write where the date stands as S2_%Y%m%d; regular expressions are for the command line only.")
    return str(value)


def rate(value: Any) -> float:
    """Frames a second, as seconds between two."""
    wanted = float(value)
    if not wanted > 0:
        raise ValueError("it must be more than 0")
    return 1 / wanted


RECIPE: dict[str, Callable[[Any], Any]] = {
    "product": str, "title": str, "credit": str, "date": lambda value: date.fromisoformat(str(value)),
    "date_pattern": a_pattern, "levels": whole_numbers, "bands": whole_numbers, "stretch": str,
    "percentiles": numbers, "low": numbers, "high": numbers, "nodata": float, "convert": bool, "footprints": str,
    "every": float, "fps": rate, "min_change": float, "frames": int, "share": float,
}  # fmt: skip


def run(job: Import, report: Report) -> dict[str, Any]:
    """Look at the files, make scenes, ask for their shards. BadImagery when nothing could be used.

    The summary: scenes, shards, and the refused files with their reasons.
    """
    options, paths = options_of(job.dataset, options_in(job.recipe)), job.recipe["paths"]
    if job.owner:
        for path in [*paths, *filter(None, [options.footprints])]:
            allowed(str(path), job.owner)
    report.say(f"{len(paths)} to import: {', '.join(Path(path).name for path in paths[:5])}.")
    on_video = partial(report.progress, unit="seconds of video")
    imported = importing.import_images(paths, options, report.progress, on_video=on_video)
    for note in imported.notes:
        report.warn(note)
    for _, why in imported.refused:
        report.warn(f"Left out: {why}")
    scenes = [str(scene) for scene in imported.scenes]
    report.say(f"{len(scenes)} dates: {', '.join(scenes[:20])}{' …' if len(scenes) > 20 else ''}.")
    shards = Shard.objects.of(job.dataset).filter(scene__in=imported.scenes).count()
    refused = [{"path": Path(path).name, "why": why} for path, why in imported.refused]
    return {"scenes": len(scenes), "shards": shards, "refused": refused[:TOLD], "refused_count": len(refused),
            "notes": imported.notes[:TOLD]}  # fmt: skip


def options_in(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The options, whether they stand by themselves or beside the paths."""
    return {name: value for name, value in recipe.items() if name in RECIPE} | dict(recipe.get("options") or {})


def options_of(dataset: Dataset, said: Mapping[str, Any]) -> Options:
    """The recipe's options for a dataset that is there; BadImagery names what is wrong with them."""
    values: dict[str, Any] = {}
    for name, value in said.items():
        if name not in RECIPE:
            raise BadImagery(f"There is no option {name!r}: use {', '.join(RECIPE)}.")
        if value not in (None, "", []):
            values[name] = as_asked(name, value)
    percentiles = values.pop("percentiles", (2.0, 98.0))
    if len(percentiles) != 2:
        raise BadImagery("Give two percentiles: what is drawn black, and what is drawn white.")
    stretch = Stretching(
        kind=values.get("stretch", "percentiles"), percentiles=percentiles, low=values.pop("low", ()),
        high=values.pop("high", ()), asked="stretch" in values,
    )  # fmt: skip
    if "footprints" in values:
        values["footprints"] = Path(values["footprints"])
    day = values.pop("date", None)
    values["framing"] = Framing(
        every=values.pop("fps", values.pop("every", Framing.every)), min_change=values.pop("min_change", 0.0),
        count=values.pop("frames", 0), share=values.pop("share", 0.0),
    )  # fmt: skip
    return Options(slug=dataset.slug, kind=dataset.kind, day=day, **{**values, "stretch": stretch}).checked()


def as_asked(name: str, value: Any) -> Any:
    try:
        return RECIPE[name](value)
    except (TypeError, ValueError) as error:
        raise BadImagery(f"The option {name} is {str(value)[:60]!r}, which cannot be read ({error}).") from error


def allowed(path: str, user: User) -> Path | str:
    """A path that this person may import from through the site, or NotAllowed: an address, which is checked when it is
    fetched; a finished upload of theirs; for staff a file or folder below IMPORT_FOLDERS, wherever links lead."""
    if is_address(path):
        return path
    given = Path(path)
    real, here = given.resolve(), uploads.root().resolve()
    if real.is_relative_to(here) and real != here:
        upload = uploads.read(here / real.relative_to(here).parts[0])
        if upload and upload.owner == user.pk and upload.is_whole and real == upload.file.resolve():
            return real
    elif user.is_staff and any(real.is_relative_to(folder) for folder in settings.IMPORT_FOLDERS):
        return real
    raise NotAllowed("Files of the server can be imported by administrators only, from the folders of IMPORT_FOLDERS.")
