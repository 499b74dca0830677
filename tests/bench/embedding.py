"""The embedding pipeline beside the bare forward pass of the same encoder, in turn, in one run.

    python -m tests.bench.embedding [--images 768] [--repeats 7] [--encoders NAME …] [--site]

Pipeline: 256-px JPEG tiles on disk -> decoded, measured, encoded, float16 on disk (everything of python -m ml.embed but
the index). Bare: the same tiles in memory, at the encoder's size, in batches of the same number; once as one call after
another on all cores, once by as many threads as the pipeline has lanes, and the faster of the two counts. Each
repetition measures all of them in turn; ratios are medians over the repetitions, with their quartiles. "of its cores'
time": the processor time of the bare pass (a core a call) as a share of the pipeline's, which is what the ratio comes
to when the cores are busy, and which other work on the machine disturbs less. --site adds
the building of a shard by the site, from the demo's GeoTIFF, beside the bare pass on the site's ENCODER_THREADS.
With a GPU the same, and its utilisation while the pipeline runs.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ml import encoders
from ml.embed import Folder
from ml.embedding import embed, pace_of
from ml.encoders import Encoder
from ml.encoders.runtime import find_device
from ml.shards import ShardWriter

SIDE = 256


def make_tiles(folder: Path, count: int) -> None:
    """JPEGs of about 17 KB: smooth land with texture, each different."""
    folder.mkdir()
    for i in range(count):
        random = np.random.default_rng(i)
        smooth = Image.fromarray(random.integers(0, 256, (24, 24, 3), np.uint8)).resize((SIDE, SIDE))
        rough = np.asarray(smooth, np.float32) + random.normal(0, 6, (SIDE, SIDE, 3))
        Image.fromarray(rough.clip(0, 255).astype(np.uint8)).save(folder / f"{i:05}.jpg", quality=85)


def resnet18(folder: Path, size: int) -> Path:
    """An entry as python -m ml.train makes them; its weights are random, which costs as much time as learnt ones."""
    import torch

    from ml.encoders.networks import IMAGENET
    from ml.train import backbones, export

    torch.manual_seed(0)
    module = backbones.build("resnet18", bands=3, size=size)
    export.write_entry(
        folder, module.state_dict(),
        {"name": folder.name, "version": "1", "kind": "ssl", "licence": "none", "architecture": "resnet18",
         "bands": 3, "size": size, "dim": 512, "mean": IMAGENET[0], "std": IMAGENET[1], "stretch": None},
    )  # fmt: skip
    return folder


def opened(name: str, work: Path, threads: int) -> Encoder:
    cache = work / "cache"
    if name.startswith("resnet18-"):
        folder = work / name
        return encoders.load(
            folder if folder.exists() else resnet18(folder, int(name.split("-")[1])), threads=threads, cache=cache
        )
    return encoders.load(encoders.builtin().get(name, Path(name)), threads=threads, cache=cache)


class Speed(NamedTuple):
    """Images a second, and seconds of the processor an image, of all threads together."""

    rate: float
    cost: float


def speed(count: int, work: Callable[[], object]) -> Speed:
    start, spent = time.perf_counter(), time.process_time()
    work()
    return Speed(count / (time.perf_counter() - start), (time.process_time() - spent) / count)


class Subject:
    """One encoder, and the ways to use it: each takes no argument and returns images a second."""

    def __init__(self, name: str, work: Path, cores: int) -> None:
        self.name, self.work, self.pace = name, work, pace_of(cores)
        self.lane = opened(name, work, max(1, cores // self.pace.lanes))
        self.whole = self.lane if self.pace.lanes == 1 else opened(name, work, cores)
        self.images = Folder(work / "tiles", self.lane)
        self.tiles = np.concatenate([self.images.read(*span).tiles for span in self.images.spans()])
        for encoder in (self.lane, self.whole):
            encoder.encode_images(self.tiles[: self.pace.batch])

    def batches(self) -> list[np.ndarray]:
        return [self.tiles[start : start + self.pace.batch] for start in range(0, len(self.tiles), self.pace.batch)]

    def bare(self) -> Speed:
        return speed(len(self.tiles), lambda: [self.whole.encode_images(batch) for batch in self.batches()])

    def bare_lanes(self) -> Speed:
        with ThreadPoolExecutor(self.pace.lanes) as pool:
            return speed(len(self.tiles), lambda: list(pool.map(self.lane.encode_images, self.batches())))

    def pipeline(self) -> Speed:
        images = Folder(self.work / "tiles", self.lane)
        with tempfile.TemporaryDirectory(dir=self.work) as work, ShardWriter(
            Path(work) / "parts", keys=np.arange(len(images)), bounds=np.full((len(images), 4), np.nan),
            names=images.names, dim=self.lane.dim, fingerprint="bench",
        ) as writer:  # fmt: skip
            return speed(len(images), lambda: embed(
                writer, self.lane, images.spans(), images.read, lambda pixels: pixels.columns or {}, pace=self.pace
            ))  # fmt: skip


def compared(ways: dict[str, Callable[[], Speed]], repeats: int) -> dict[str, Any]:
    """Each way's median images a second; the ratio of "pipeline" to the fastest other, repetition by repetition."""
    found: dict[str, list[Speed]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            found[name].append(way())
    ours, others = found["pipeline"], [speeds for name, speeds in found.items() if name != "pipeline"]
    ratios = [mine.rate / max(peer.rate for peer in peers) for mine, *peers in zip(ours, *others, strict=True)]
    costs = [peer.cost / mine.cost for mine, peer in zip(ours, others[-1], strict=True)]
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    rates = {name: float(np.median([one.rate for one in speeds])) for name, speeds in found.items()}
    return {**rates, "ratio": float(middle), "low": float(low), "high": float(high), "cores": float(np.median(costs))}


@contextmanager
def utilisation() -> Iterator[list[float]]:
    """Fills the list with the GPU's utilisation in per cent, five times a second; stays empty without nvidia-smi."""
    seen: list[float] = []
    stop = threading.Event()
    command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]

    def watch() -> None:
        while not stop.wait(0.2):
            seen.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]))

    watcher = threading.Thread(target=watch, daemon=True)
    if shutil.which(command[0]):
        watcher.start()
    yield seen
    stop.set()


class Site:
    """A shard built by the site from the demo's January; only what building.embed does is timed, a different tile."""

    def __init__(self, work: Path, encoder: str, level: int) -> None:
        site(work / "site")
        from search import building, importing
        from search.models import Shard

        self.building, self.spent = building, Speed(0, 0)
        options = importing.Options(slug="bench", encoder=encoder, levels=(level,), public=True, product="true-colour")
        importing.import_images([Path("demo/bluemarble_2004-01-01.tif")], options, background=False)
        self.shards, row = Shard, Shard.objects.get()
        self.encoder, self.tiles = row.encoder.load(), self._distinct(row)
        self.encoder.encode_images(self.tiles[:8])  # chooses its runtime
        self.real, building.embed = building.embed, self._timed  # type: ignore[attr-defined]

    def _distinct(self, row: Any) -> np.ndarray:
        """The shard's tiles, each different one once, as the pipeline encodes them: much of it is the same ocean."""
        from search import imagery

        with imagery.opened(row.scene) as reader:
            plan, size = reader.plan(row.level), row.encoder.load().size
            spans = reader.batches(plan, self.building.BATCH)
            tiles = np.concatenate([reader.read(plan, start, end, row.level, size).tiles for start, end in spans])
        return np.stack(list({tile.tobytes(): tile for tile in tiles}.values()))

    def _timed(self, *arguments: Any, **options: Any) -> None:
        self.spent = speed(len(self.tiles), lambda: self.real(*arguments, **options))

    def pipeline(self) -> Speed:
        self.shards.objects.update(scene_version="", status="waiting", attempts=0)
        self.building.build_here(self.shards.objects.get())
        return self.spent

    def bare(self) -> Speed:
        batch = self.building.BATCH
        some = [self.tiles[start : start + batch] for start in range(0, len(self.tiles), batch)]
        return speed(len(self.tiles), lambda: [self.encoder.encode_images(tiles) for tiles in some])


def site(data: Path) -> None:
    import django
    from django.core.management import call_command

    data.mkdir(parents=True)
    os.environ |= {"LOOKALIKE_DATA": str(data.resolve()), "ENV_FILE": os.devnull, "LOG_LEVEL": "ERROR"}
    os.environ |= {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    django.setup()
    call_command("migrate", verbosity=0)


def measured(name: str, work: Path, cores: int, repeats: int) -> dict[str, Any]:
    subject = Subject(name, work, cores)
    with utilisation() as seen:
        row = compared({"bare": subject.bare, "bare_lanes": subject.bare_lanes, "pipeline": subject.pipeline}, repeats)
    return {"encoder": name, "px": subject.lane.size, **row, "gpu": float(np.mean(seen)) if seen else None}


def told(row: dict[str, Any]) -> str:
    numbers = [f"{row[name]:.0f}" if name in row else "–" for name in ("bare", "bare_lanes", "pipeline")]
    return (f"| {row['encoder']} | {row['px']} | {' | '.join(numbers)} | {row['ratio']:.2f} "
            f"({row['low']:.2f}–{row['high']:.2f}) | {row['cores']:.2f} |")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=768)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--encoders", nargs="*", default=["mobilenet-colour", "mobilenet", "resnet18-64"])
    parser.add_argument("--site", action="store_true")
    parser.add_argument("--level", type=int, default=5, help="of the site's shard")
    parser.add_argument("--json", type=Path, help="also write all numbers here")
    options = parser.parse_args()
    rows = []
    print(f"device: {find_device()}, threads: {options.threads}")
    print(
        "| encoder | px | bare, all cores in one call | bare, a core a call | pipeline | pipeline / faster bare "
        "| of its cores' time |"
    )
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        make_tiles(work / "tiles", options.images)
        for name in options.encoders:
            rows.append(measured(name, work, options.threads, options.repeats))
            print(told(rows[-1]), flush=True)
        for name in options.encoders[:1] if options.site else []:
            built = Site(work, name, options.level)
            found = compared({"bare": built.bare, "pipeline": built.pipeline}, options.repeats)
            rows.append({"encoder": f"{name}, the site's shard", "px": built.encoder.size, **found})
            print(told(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    print(f"load: {os.getloadavg()}", file=sys.stderr)


if __name__ == "__main__":
    main()
