"""python -m ml.evaluate LABELLED: how good an encoder is on labelled images. Needs no site, no database.

LABELLED is a folder with a sub-folder of images per class; a CSV file with the columns path, label and perhaps lon,
lat; or GeoJSON polygons with a property that names the class, over a GeoTIFF (--raster). Or give --land-cover FOLDER
instead: the yardstick, tiles of the Blue Marble with the land cover below them. An image's neighbours on the map never
count as found. Colour statistics are always printed beside the encoders: what does not beat them has learned nothing
of use.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from ml import command, encoders
from ml.embed import find_encoder
from ml.errors import BadLabels
from ml.evaluate import report as tables
from ml.evaluate import strips
from ml.evaluate.baseline import NAME, colour_statistics
from ml.evaluate.files import from_folder, from_table
from ml.evaluate.labelled import Labelled
from ml.evaluate.measuring import Report, evaluate


def main() -> None:
    options = _parser().parse_args()
    labelled = _apart(_labelled(options), options.apart)
    loaded = [encoders.load(find_encoder(name), threads=options.threads) for name in options.encoder]
    with command.progress_bars(quiet=options.json) as progress:
        reports = [evaluate(one.name, one.encode_images, labelled, progress) for one in loaded]
        reports.append(evaluate(NAME, colour_statistics, labelled, progress))
    if options.markdown:
        options.markdown.write_text(tables.page(reports), encoding="utf-8")
    if options.strips:
        options.strips.write_bytes(strips.draw(reports[0], labelled))
    _say(reports, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m ml.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("labelled", type=Path, nargs="?", help="folder of class sub-folders, .csv, or .geojson")
    add("--land-cover", type=Path, metavar="FOLDER", help="the yardstick, from the folder of Blue Marble and MCD12C1")
    add("--columns", choices=["all", "even", "odd"], default="all", help="which of the yardstick's map columns")
    add("--raster", type=Path, help="the GeoTIFF below the polygons")
    add("--label", default="label", help="the polygons' property that names the class; label by default")
    add("--side", type=int, default=64, help="px of the tiles that the raster is cut into; 64 by default")
    add("--apart", type=float, help="leave one place out: images whose middles are at most so far apart, both ways, "
        "never count for each other; in degrees (by default 1, for a CSV) or the raster's units")  # fmt: skip
    names = ", ".join(encoders.builtin())
    add("--encoder", nargs="+", default=[encoders.DEFAULT], help=f"{names}, or folders of model store entries")
    add("--threads", type=int, help="cores to use; all by default")
    add("--json", action="store_true", help="print the numbers as JSON, no progress")
    add("--markdown", type=Path, metavar="FILE", help="write the tables as Markdown")
    add("--strips", type=Path, metavar="FILE", help="write a PNG of each class's neighbours under the first encoder")
    return parser


def _labelled(options: argparse.Namespace) -> Labelled:
    """Raises BadLabels, with what to do about it."""
    path: Path | None = options.labelled
    if (path is None) == (options.land_cover is None):
        raise BadLabels("Give either a labelled set (folder, .csv or .geojson) or --land-cover FOLDER.")
    if path is None:
        from ml.evaluate.landcover import land_cover

        return land_cover(options.land_cover, options.columns)
    if not path.exists():
        raise BadLabels(f"{path} does not exist.")
    if path.is_dir():
        return from_folder(path)
    if path.suffix.lower() == ".csv":
        return from_table(path)
    if path.suffix.lower() in (".geojson", ".json"):
        return _over_raster(path, options)
    raise BadLabels(f"{path} is neither a folder nor .csv nor .geojson.")


def _apart(labelled: Labelled, asked: float | None) -> Labelled:
    """With another distance between neighbours, where one was asked for."""
    if asked is None:
        return labelled
    if not 0 <= asked < float("inf"):
        raise BadLabels("--apart is a distance, 0 or more.")
    if labelled.places is None:
        raise BadLabels(f"{labelled.name} does not say where its images lie (lon, lat): --apart has no meaning for it.")
    return replace(labelled, apart=asked)


def _over_raster(path: Path, options: argparse.Namespace) -> Labelled:
    from ml.evaluate.polygons import from_polygons

    if options.raster is None:
        raise BadLabels(f"{path} needs the GeoTIFF that its polygons lie over: --raster FILE.")
    if options.side < 1:
        raise BadLabels("--side must be at least 1 px.")
    return from_polygons(path, options.raster, options.label, options.side)


def _say(reports: list[Report], *, as_json: bool) -> None:
    if as_json:
        command.say(json.dumps([one.as_dict() for one in reports], indent=1))
        return
    first = reports[0]
    command.say(f"{first.tiles} images of {first.places} places in {len(first.classes)} classes: {first.labelled}\n")
    command.say(tables.plain(tables.summary(reports)) + "\n")
    command.say(tables.plain(tables.intervals(reports)) + "\n")
    command.say(tables.plain(tables.by_class(reports)))


if __name__ == "__main__":
    command.run(main)
