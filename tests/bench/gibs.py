"""A plain serial loop and our downloader on the same tiles of the same server, with 20 ms of latency, in one run.

python -m tests.bench.gibs [--level 5] [--latency 0.02]      The server is a process of its own (tests/gibs_server.py).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

RUNS = 3
LAYER = "VIIRS_NOAA20_CorrectedReflectance_TrueColor"


def prepare(folder: str) -> None:
    """Settings of a data folder of our own."""
    os.environ.update(
        ENV_FILE=os.devnull, LOOKALIKE_DATA=folder, SECRET_KEY="only for a measurement: nobody signs in here",
        DJANGO_SETTINGS_MODULE="webapp.settings", LOG_LEVEL="ERROR",
    )  # fmt: skip
    import django

    django.setup()


def serial(urls: list[str], folder: Path) -> float:
    """What one writes first: one request after another, over one connection, the answer into a file."""
    began = time.perf_counter()
    with httpx2.Client() as client:
        for url in urls:
            answer = client.get(url)
            answer.raise_for_status()
            path = folder / urlsplit(url).path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
    return time.perf_counter() - began


def ours(plan: object, connections: int) -> float:
    """Everything: checked, recorded, written."""
    from search.gibs import rules
    from search.gibs.downloading import Download

    began = time.perf_counter()
    with Download(plan.sheets, plan.tiles, rules.limits(connections)) as download:  # type: ignore[attr-defined]
        missing = [tile for work in download.finished() if work is not None for tile in work.missing]
    assert not missing, missing[:3]
    return time.perf_counter() - began


def same(plan: object, folder: Path) -> bool:
    """Whether both wrote the same bytes."""
    for sheet in plan.sheets:  # type: ignore[attr-defined]
        for level, places in plan.tiles.items():  # type: ignore[attr-defined]
            for row, col in places.tolist():
                path = urlsplit(sheet.source.url(sheet.time, level, row, col)).path.lstrip("/")
                if sheet.source.file(sheet.time, level, row, col).read_bytes() != (folder / path).read_bytes():
                    return False
    return True


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.jpg")) / 1e6


def measure(url: str, level: int, data: Path, latency: float) -> dict[str, object]:
    from search import gibs
    from search.gibs import endpoint

    with endpoint.chosen(url):
        plan = gibs.estimate({"layer": LAYER, "dates": ["2012-08-09"], "levels": [level], "bbox": [-180, -60, 180, 60]})
        source = plan.sheets[0].source
        urls = [source.url(*address) for address in plan.addresses()]
        httpx2.post(f"{url}/control", json={"latency": 0})
        serial(urls, data / "warm")  # the server draws its pictures once
        httpx2.post(f"{url}/control", json={"latency": latency})
        found: dict[str, list[float]] = {"serial": [], "ours": []}
        for run in range(RUNS):
            found["serial"].append(serial(urls, data / f"serial{run}"))
            shutil.rmtree(endpoint.home() / "epsg4326", ignore_errors=True)
            found["ours"].append(ours(plan, 32))
        plain, fast = (sorted(seconds)[RUNS // 2] for seconds in found.values())
        return {
            "tiles": len(plan), "megabytes": round(megabytes(data / "serial0"), 1),
            "latency_ms": latency * 1000, "serial_s": round(plain, 2), "ours_s": round(fast, 2),
            "serial_tiles_s": round(len(plan) / plain), "ours_tiles_s": round(len(plan) / fast),
            "ratio": round(plain / fast, 1), "bytes_identical": same(plan, data / "serial0"),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--level", type=int, default=5, help="5: 560 tiles, 6: 2160")
    parser.add_argument("--latency", type=float, default=0.02)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        command = [sys.executable, "-m", "tests.gibs_server", "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip()  # type: ignore[union-attr]
            print(json.dumps(measure(url, options.level, Path(folder), options.latency), indent=2))
        finally:
            server.kill()
            server.wait(5)


if __name__ == "__main__":
    main()
