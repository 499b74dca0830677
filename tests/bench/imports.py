"""A GeoTIFF of 40,000 x 20,000 pixels through the site's import: memory, and tiles a second against plain rasterio.

    python -m tests.bench.imports [--width 40000] [--height 20000] [--level 10] [--data FOLDER] [--convert] [--striped]

The file is made once (2.4 GB of pixels; packed well, as they are smooth) and stays in --data. The import and the
building of its tiles with the encoder `colour` run in a process of their own, whose peak of resident memory is told.
The same tiles are then read by plain rasterio (one window each, no projection, no masks) and by the site's reader, in
turn, in one run.
"""

import argparse
import json
import os
import resource
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window

PIXEL = 0.0005  # degrees
WEST, NORTH = 5.0, 15.0
LIMIT = 1.5 * 2**30  # bytes that an import may take
SLUG = "large"


def generate(path: Path, width: int, height: int, *, striped: bool) -> None:
    """Waves and slopes, row of blocks by row of blocks."""
    if path.exists():
        return
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 3, "dtype": "uint8", "crs": "EPSG:4326",
               "transform": from_origin(WEST, NORTH, PIXEL, PIXEL), "compress": "deflate", "zlevel": 1,
               "bigtiff": "if_safer"}  # fmt: skip
    shape = {} if striped else {"tiled": True, "blockxsize": 512, "blockysize": 512}
    across = np.arange(width, dtype=np.float32)
    with rasterio.open(path.with_suffix(".part"), "w", **profile, **shape) as file:
        for top in range(0, height, 512):
            down = np.arange(top, min(top + 512, height), dtype=np.float32)[:, None]
            for band in range(3):
                wave = 100 + 60 * np.sin(across / (300 + 90 * band)) + 60 * np.cos(down / (200 + 70 * band))
                file.write(wave.astype(np.uint8) + 1, band + 1, window=Window(0, top, width, len(down)))
    path.with_suffix(".part").rename(path)


def site(data: Path) -> None:
    import django
    from django.core.management import call_command

    data.mkdir(parents=True, exist_ok=True)
    os.environ |= {"LOOKALIKE_DATA": str(data.resolve()), "ENV_FILE": os.devnull, "LOG_LEVEL": "ERROR"}
    os.environ |= {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    django.setup()
    call_command("migrate", verbosity=0)


def imported(data: str, path: str, level: int, convert: bool) -> None:
    """In a process of its own: import, build, and tell the peak of memory after each."""
    site(Path(data))
    from search import building, importing
    from search.models import Shard

    start, told = time.perf_counter(), {}
    options = importing.Options(slug=SLUG, encoder="colour", levels=(level,), convert=convert)
    report = importing.import_images([path], options, background=False)
    told["looked_s"], told["looked_peak"] = time.perf_counter() - start, peak()
    start, shard = time.perf_counter(), Shard.objects.of(report.dataset).get(level=level)
    building.build_here(shard)
    shard.refresh_from_db()
    told |= {"built_s": time.perf_counter() - start, "built_peak": peak(), "tiles": shard.tiles}
    print(json.dumps(told))


def peak() -> int:
    """Bytes; Linux counts in KiB (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def compared(data: str, path: str, level: int, most: int) -> None:
    """In a process of its own: tiles read by plain rasterio and by the site in turn, one run of neighbours each."""
    site(Path(data))
    from search import imagery
    from search.models import Scene

    scene = Scene.objects.select_related("product__dataset").get(product__dataset__slug=SLUG)
    spent, count, size = {"plain": 0.0, "ours": 0.0}, 0, 64
    with imagery.opened(scene) as reader, rasterio.open(path) as source:
        plan = reader.plan(level)
        for start, end in reader.batches(plan, 80):
            began = time.perf_counter()
            for bounds in plan.bounds[start:end]:
                window = source.window(*bounds)
                source.read([1, 2, 3], window=window, out_shape=(3, size, size), resampling=Resampling.bilinear)
            middle = time.perf_counter()
            reader.read(plan, start, end, level, size)
            spent["plain"] += middle - began
            spent["ours"] += time.perf_counter() - middle
            count += end - start
            if count >= most:
                break
    print(json.dumps({"tiles": count, **{name: count / seconds for name, seconds in spent.items()}}))


def alone(call: str) -> dict[str, float]:
    code = f"from tests.bench import imports; imports.{call}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(data: Path, width: int, height: int, level: int, *, convert: bool, striped: bool, most: int = 400) -> dict:
    """All numbers of one file; the site's own folder is made afresh."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / f"{width}x{height}{'-striped' if striped else ''}.tif"
    generate(path, width, height, striped=striped)
    shutil.rmtree(data / "site", ignore_errors=True)
    told = alone(f"imported({str(data / 'site')!r}, {str(path)!r}, {level}, {convert})")
    return {**told, "file": path.stat().st_size, **{f"{name}_rate": value for name, value in alone(
        f"compared({str(data / 'site')!r}, {str(path)!r}, {level}, {most})").items()}}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=40_000)
    parser.add_argument("--height", type=int, default=20_000)
    parser.add_argument("--level", type=int, default=10)
    parser.add_argument("--data", type=Path, default=Path("/tmp/lookalike-bench-imports"))
    parser.add_argument("--convert", action="store_true", help="copy it as a COG first")
    parser.add_argument("--striped", action="store_true", help="a file without tiles, as many tools write it")
    given = parser.parse_args()
    told = measure(given.data, given.width, given.height, given.level, convert=given.convert, striped=given.striped)
    print(f"{given.width:,} x {given.height:,} px, {told['file'] / 2**20:,.0f} MB on disk, {told['tiles']:,} tiles")
    print(f"looking at it:   {told['looked_s']:6.1f} s, peak {told['looked_peak'] / 2**20:,.0f} MB")
    print(f"tiles and index: {told['built_s']:6.1f} s, peak {told['built_peak'] / 2**20:,.0f} MB")
    print(f"reading, tiles a second: plain rasterio {told['plain_rate']:.0f}, ours {told['ours_rate']:.0f} "
          f"({told['ours_rate'] / told['plain_rate']:.2f} times)")  # fmt: skip
    print(f"memory below {LIMIT / 2**20:,.0f} MB: {'yes' if told['built_peak'] < LIMIT else 'NO'}")


if __name__ == "__main__":
    main()
