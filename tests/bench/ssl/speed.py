"""Images a second of a SimCLR step: ours beside the same loop with lightly's transforms and a torch DataLoader.

python -m tests.bench.ssl.speed --data ../shared/data      # 512-px JPEG tiles are cut from the Blue Marble
python -m tests.bench.ssl.speed --images FOLDER --device cuda

Both train a ResNet-18 on 128 px, with the same batch, head and temperature, on the same files. The steps of both are
interleaved, so that other work on the machine meets both; a table of ratios is printed.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

from ml.torchvision_shim import import_torchvision
from ml.train import Config, Views, sources
from ml.train.loop import Run

SIZE, TILE = 128, 512
VIEWS = Views(rotation=180, flips=True, crop=(0.2, 1), brightness=0.4, contrast=0.4, colour=0.1, blur=1.0, noise=0.0)
Step = Callable[[], None]


def tiles(data: Path, folder: Path, most: int = 105) -> Path:
    """JPEG files of 512 px, the size of GIBS' tiles."""
    import rasterio

    folder.mkdir(parents=True)
    with rasterio.open(data / "bluemarble_2004-08-01.tif") as file:
        earth = file.read([1, 2, 3]).transpose(1, 2, 0)
    squares = [
        (y, x) for y in range(0, earth.shape[0] - TILE + 1, TILE) for x in range(0, earth.shape[1] - TILE + 1, TILE)
    ]
    for number, (y, x) in enumerate(squares[:most]):
        Image.fromarray(earth[y : y + TILE, x : x + TILE]).save(folder / f"{number:03}.jpg", quality=90)
    return folder


def ours(images: Path, work: Path, batch: int, device: str, precision: str) -> tuple[Run, float]:
    """The training, ready, and the seconds that packing took, once for all epochs."""
    began = time.perf_counter()
    cache = sources.pack(images, work / "cache", size=SIZE)
    config = Config(backbone="resnet18", size=SIZE, batch=batch, epochs=1000, views=VIEWS, precision=precision)
    return Run(cache, config, work, None, device), time.perf_counter() - began


def our_steps(run: Run) -> Iterator[None]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(run.pixels, run.step)
        while True:
            batch, coming = coming.result(), ahead.submit(run.pixels, run.step + 1)
            run.take_step(batch)
            run.step += 1
            yield


def their_loader(images: Path, batch: int, workers: int) -> "torch.utils.data.DataLoader[object]":
    import_torchvision()
    from lightly.data import LightlyDataset
    from lightly.transforms import SimCLRTransform

    transform = SimCLRTransform(
        input_size=SIZE, min_scale=0.2, cj_prob=1.0, cj_bright=0.4, cj_contrast=0.4, cj_sat=0.1, cj_hue=0.1,
        random_gray_scale=0.0, gaussian_blur=1.0, sigmas=(0.1, 1.0), vf_prob=0.5, hf_prob=0.5, rr_prob=1.0,
        rr_degrees=180,
    )  # fmt: skip
    data = LightlyDataset(str(images), transform=transform)
    return torch.utils.data.DataLoader(
        data, batch_size=batch, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0
    )


def their_steps(images: Path, batch: int, device: str, workers: int) -> Iterator[None]:
    """As lightly's documentation has it (examples/pytorch/simclr.py), and AdamW as ours."""
    loader = their_loader(images, batch, workers)
    import timm
    from lightly.loss import NTXentLoss
    from lightly.models.modules import SimCLRProjectionHead

    network = timm.create_model("resnet18", num_classes=0).to(device)
    head = SimCLRProjectionHead(512, 512, 128).to(device)
    optimiser = torch.optim.AdamW([*network.parameters(), *head.parameters()], 1e-3)
    criterion = NTXentLoss(temperature=0.2)
    while True:
        for (x0, x1), _, _ in loader:
            loss = criterion(head(network(x0.to(device))), head(network(x1.to(device))))
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            yield


def seconds(steps: Iterator[None], count: int, device: str) -> float:
    began = time.perf_counter()
    for _ in range(count):
        next(steps)
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / count


def compared(options: argparse.Namespace, work: Path) -> list[str]:
    images = options.images or tiles(options.data, work / "tiles")
    run, packing = ours(images, work, options.batch, options.device, options.precision)
    mine, theirs = our_steps(run), their_steps(images, options.batch, options.device, options.workers)
    for steps in (mine, theirs):
        seconds(steps, 1, options.device)  # warms up
    rounds = [(seconds(mine, options.steps, options.device), seconds(theirs, options.steps, options.device))
              for _ in range(options.rounds)]  # fmt: skip
    plain = median(input_seconds(run, options.steps) for _ in range(options.rounds))
    loading = median(load_seconds(images, options.batch, options.workers) for _ in range(3))
    a, b = (median(column) for column in zip(*rounds, strict=True))
    ratios = [b / a for a, b in rounds]
    lines = [
        "| | images a second | ratio |", "| --- | ---: | ---: |",
        f"| lightly's transforms, DataLoader with {options.workers} workers | {options.batch / b:.1f} | 1 |",
        f"| ours ({run.precision.name}, channels_last, batched looks, packed cache) | {options.batch / a:.1f} | "
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |",
        "",
        f"Drawing, reading and altering the images alone, without the network: {loading / plain:.1f} times as fast; "
        f"it is {plain / a:.0%} of a step of ours. Packing {len(run.cache)} "
        f"images took {packing:.1f} s, once for all epochs.",
    ]  # fmt: skip
    if options.device == "cuda":
        lines.append(f"Utilisation {torch.cuda.utilization()} %, {torch.cuda.get_device_name()}.")
    return lines


def load_seconds(images: Path, batch: int, workers: int) -> float:
    """Of one batch of theirs, a pass over all files, once the workers run."""
    batches = their_loader(images, batch, workers)
    for _ in batches:
        pass
    began = time.perf_counter()
    count = sum(1 for _ in batches)
    return (time.perf_counter() - began) / count


def input_seconds(run: Run, count: int) -> float:
    began = time.perf_counter()
    for number in range(count):
        run.looks(run.pixels(run.step + number))
    return (time.perf_counter() - began) / count


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.ssl.speed", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--images", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    try:
        print("\n".join(compared(options, work)))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"numpy {np.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
