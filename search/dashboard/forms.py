"""What the pages' plain forms send, as the API takes it: the same serializers and recipes check both."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.http import QueryDict

from search.errors import BadQuery
from search.models import Import
from search.training.options import COLOURS_DIFFER, COLOURS_MATTER, RANDOM_BACKBONE

Values = dict[str, Any]
SIDES = ("west", "south", "east", "north")


def recipe(kind: str, form: QueryDict) -> Values:
    """BadQuery when a number is none."""
    return {name: value for name, value in READERS[kind](form).items() if value not in ("", None, [])}


def of_gibs(form: QueryDict) -> Values:
    step = form.get("step", "").strip()
    return {
        "layer": text(form, "layer"), "from": text(form, "from"), "to": text(form, "to"), "time": text(form, "time"),
        "step": int(step) if step.isdecimal() else step, "levels": numbers(form, "levels"), "bbox": box(form),
        "polygon": text(form, "polygon"),
    }  # fmt: skip


def box(form: QueryDict) -> list[float] | None:
    sides = [text(form, side) for side in SIDES]
    if not any(sides) or form.get("polygon", "").strip():
        return None
    try:
        return [float(side) for side in sides]
    except ValueError as error:
        raise BadQuery("Write all four sides of the area as numbers of degrees, or leave all four empty.") from error


def of_files(form: QueryDict) -> Values:
    bands = text(form, "bands").replace(",", " ").split()
    if not all(band.isdecimal() for band in bands):
        raise BadQuery("Write bands as numbers: 4 3 2, or one for grey.")
    return {
        "paths": lines(form, "paths"), "product": text(form, "product"), "title": text(form, "title"),
        "credit": text(form, "credit"), "date": text(form, "date"), "date_pattern": text(form, "date_pattern"),
        "bands": [int(band) for band in bands],
        "levels": numbers(form, "levels"), "convert": bool(form.get("convert")), **of_videos(form),
    }  # fmt: skip


def of_videos(form: QueryDict) -> Values:
    """Which frames are taken; on the form the least change is in per cent, and what is kept a number or a share."""
    said = {name: text(form, name).replace(",", ".") for name in ("every", "min_change", "keep")}
    keep = said["keep"].removesuffix("%").strip()
    try:
        return {
            "every": float(said["every"]) if said["every"] else None,
            "min_change": float(said["min_change"]) / 100 if said["min_change"] else None,
            "frames": int(keep) if keep and not said["keep"].endswith("%") else None,
            "share": float(keep) / 100 if keep and said["keep"].endswith("%") else None,
        }
    except ValueError as error:
        raise BadQuery(
            "Seconds and the least change are numbers; keep a number of frames (200) or a share (5 %)."
        ) from error


def of_embeddings(form: QueryDict) -> Values:
    names = ("product", "title", "credit", "date", "model", "level")
    return {"paths": lines(form, "paths"), **{name: text(form, name) for name in names}}


def of_composite(form: QueryDict) -> Values:
    whole = {name: int(text(form, name)) for name in ("days", "step") if text(form, name).isdecimal()}
    return {**whole, **{name: text(form, name) for name in ("product", "method", "from", "to", "name", "title")}}


READERS: dict[str, Callable[[QueryDict], Values]] = {
    Import.Kind.GIBS: of_gibs, Import.Kind.FILES: of_files, Import.Kind.EMBEDDINGS: of_embeddings,
    Import.Kind.COMPOSITE: of_composite,
}  # fmt: skip


def text(form: QueryDict, name: str) -> str:
    return form.get(name, "").strip()


def lines(form: QueryDict, name: str) -> list[str]:
    return [line.strip() for line in form.get(name, "").splitlines() if line.strip()]


def numbers(form: QueryDict, name: str) -> list[int]:
    try:
        return sorted({int(value) for value in form.getlist(name)})
    except ValueError as error:
        raise BadQuery("A size is a level: a whole number.") from error


def settings(form: QueryDict) -> Values:
    """Of a dataset that is there; a box that is not ticked is not sent."""
    members = form.get("members", "").replace(",", " ").split()
    names = {name: form.get(name, "") for name in ("name", "description", "credit")}
    return {**names, "is_public": bool(form.get("is_public")), "members": members}


def dataset(form: QueryDict) -> Values:
    """Of a new one."""
    names = ("name", "slug", "kind", "tms", "encoder", "description", "credit", "edges", "engine")
    found: Values = {name: form[name] for name in names if name in form}
    share = text(form, "min_valid_percent")
    return {
        **found, "is_public": bool(form.get("is_public")), "offset_grid": bool(form.get("offset_grid")),
        "min_valid": float(share) / 100 if share.replace(".", "", 1).isdecimal() else share or 0.0,
        "levels_wanted": numbers(form, "levels_wanted"),
    }  # fmt: skip


SHARES = ("brightness", "contrast", "colour")  # per cent on the form


def training(form: QueryDict) -> Values:
    """As the API takes it. An answer about colours holds where its sliders were left alone (pages without scripts)."""
    names = ("preset", "method", "size", "epochs", "most", "first", "last", "balance", "name")
    found: Values = {name: text(form, name) for name in names}
    found |= {"levels": numbers(form, "levels"), "products": form.getlist("products")}
    known = {name: value for name, value in found.items() if value not in ("", [])}
    if form.get("start"):
        known["start"] = form["start"]
    elif "start" in form:  # from nothing: then a network is chosen
        known |= {"start": "", "backbone": form.get("backbone", RANDOM_BACKBONE)}
    pairs = [name for name in ("dates", "neighbours") if form.get(name)]
    return {**known, "views": views(form), "pairs": "+".join(pairs) or "views"}


def views(form: QueryDict) -> Values:
    usual = asdict(COLOURS_MATTER)
    found = {name: share(form, name, usual[name]) for name in SHARES}
    if form.get("colours") == "differ" and found == {name: usual[name] for name in SHARES}:
        found = {name: asdict(COLOURS_DIFFER)[name] for name in SHARES}
    rest = {name: real(form, name, usual[name]) for name in ("rotation", "blur")}
    least = share(form, "crop", usual["crop"][0])
    flips = bool(form.get("flips")) or "rotation" not in form
    return {**found, **rest, "noise": share(form, "noise", usual["noise"]), "crop": [least, 1.0], "flips": flips}


def share(form: QueryDict, name: str, usual: float) -> float:
    return real(form, name, 100 * usual) / 100


def real(form: QueryDict, name: str, usual: float) -> float:
    try:
        return float(text(form, name) or usual)
    except ValueError as error:
        raise BadQuery(f"{name.capitalize()} is a number.") from error
