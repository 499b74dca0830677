"""The store on a terminal: tables for people, and the same for scripts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.modelstore.card import MEASURES, collapsed, curve, numbers
from ml.modelstore.checksums import FILE
from ml.modelstore.listing import Version
from ml.modelstore.names import default_store

if TYPE_CHECKING:
    from rich.table import Table

_BARS = "▁▂▃▄▅▆▇█"


def facts(version: Version) -> dict[str, Any]:
    """What a list tells of a version, for scripts and for the site's API."""
    return {
        "name": version.name, "version": version.version, "reference": version.reference, "kind": version.kind,
        "standing": standing(version), "comes_with": version.comes_with, "promoted": version.promoted,
        "retired": version.retired, "bands": version.bands, "dim": version.dim,
        "size": version.config.get("size"), "licence": version.licence, "bytes": version.bytes,
        "published": None if version.comes_with else when(version), "collapsed": collapsed(version),
        "numbers": numbers(version),
    }  # fmt: skip


def whole(version: Version) -> dict[str, Any]:
    """With its settings, its card and where it lies."""
    return {**facts(version), "config": version.config, "card": version.card, "folder": str(version.folder)}


def standing(version: Version) -> str:
    if version.comes_with:
        return "comes with Lookalike"
    return "retired" if version.retired else "promoted" if version.promoted else ""


def when(version: Version) -> str:
    return datetime.fromtimestamp(version.published, UTC).isoformat(timespec="seconds")


def list_table(found: list[Version], store: Path) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"Encoders in {store}", title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("encoder", no_wrap=True)
    for title, width in (("", 8), ("kind", 11)):
        table.add_column(title, no_wrap=True, min_width=width)
    for title, width in (("bands", 5), ("numbers", 7), ("right", 7), ("size", 7)):
        table.add_column(title, no_wrap=True, min_width=width, justify="right")
    for version in found:
        told = numbers(version)
        table.add_row(
            version.reference, "built in" if version.comes_with else standing(version), version.kind,
            str(version.bands), written(told["dim"]), written(told["precision_10"], "share"), size(version.bytes),
        )  # fmt: skip
    return table


def card(version: Version) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{version.reference}  {standing(version)}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    table.add_column(style="dim")
    if collapsed(version):
        table.add_row("COLLAPSED", "", "all images look alike to it: train again, with other views or another method")
    told = numbers(version)
    for one in MEASURES:
        if told[one.key] is not None:
            table.add_row(one.title, written(told[one.key], one.form), one.words)
    for key, title in (("loss", "Loss by epoch"), ("knn", "Neighbours by epoch")):
        if values := [value for value in curve(version, key) if value is not None]:
            table.add_row(title, bars(values), f"{written(values[0])} → {written(values[-1])}")
    for key in ("kind", "architecture", "bands", "licence", "source"):
        if key in version.config:
            table.add_row(key, escape(str(version.config[key])), "")
    table.add_row("folder", str(version.folder), "" if (version.folder / FILE).is_file() else "no checksums")
    return table


def comparison(found: dict[str, Any]) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Side by side; the best of a row is bold", title_justify="left")
    table.add_column("")
    for reference in found["versions"]:
        table.add_column(reference, justify="right")
    for row in found["numbers"]:
        values = [written(value, row["form"]) for value in row["values"]]
        table.add_row(row["title"], *(f"[bold]{v}[/]" if i == row["best"] else v for i, v in enumerate(values)))
    table.add_section()
    for row in found["settings"]:
        table.add_row(row["key"], *("–" if value is None else escape(str(value)[:60]) for value in row["values"]))
    return table


def damage(found: dict[str, list[str]]) -> "Table":
    from rich.table import Table

    table = Table(show_header=False)
    for reference, wrong in found.items():
        table.add_row(reference, " ".join(wrong) or "as it was published")
    return table


def published(version: Version) -> str:
    told, is_usual = numbers(version), version.folder.parents[1].resolve() == default_store().resolve()
    agreement = f" Its vectors agree with the original's by {written(told['agreement'])}." if told["agreement"] else ""
    return (
        f"{version.reference} is in the store, vectors of {version.dim} numbers, {size(version.bytes)}.{agreement} Use "
        f"it: python -m ml.embed IMAGES --out SHARD --encoder {version.reference if is_usual else version.folder}"
    )


def bars(values: list[float], width: int = 40) -> str:
    """A curve of one line."""
    shown = [values[i * len(values) // width] for i in range(width)] if len(values) > width else values
    low, high = min(shown), max(shown)
    return "".join(_BARS[int((value - low) / ((high - low) or 1) * (len(_BARS) - 1))] for value in shown)


def written(value: float | None, form: str = "number") -> str:
    """As people read it: whole numbers whole, others with three digits that matter. form: see Measure."""
    if value is None:
        return "–"
    if form == "share":
        return f"{100 * value:.1f} %"
    if form == "seconds":
        return _duration(value)
    if form == "bytes":
        return size(value)
    text = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def size(count: float | None) -> str:
    if count is None:
        return "–"
    if count < 2**20:
        return f"{max(1, round(count / 1024))} kB"
    return f"{count / 2**20:.1f} MB" if count < 2**30 else f"{count / 2**30:.2f} GB"
