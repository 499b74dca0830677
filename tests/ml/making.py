"""Small things to test ml/ with."""

import io
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.index import DEFAULT, ENGINES
from ml.index.arithmetic import unit
from ml.index.exact import ExactScan
from ml.shards import Shard, ShardWriter
from ml.torchvision_shim import import_torchvision

DIM = 16


def make_vectors(n: int, dim: int = DIM, seed: int = 0) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).normal(size=(n, dim)))


def clustered(n: int, dim: int = DIM, seed: int = 0) -> NDArray[np.float32]:
    """As embeddings lie: 20 clusters in few dimensions, with a little noise. Clusters are the same for every seed."""
    shared, random = np.random.default_rng(99), np.random.default_rng(seed)
    centres, basis = shared.normal(size=(20, 12)), shared.normal(size=(12, dim))
    points = centres[random.integers(0, 20, n)] + random.normal(size=(n, 12))
    return unit(points @ basis + 0.2 * random.normal(size=(n, dim)))


def make_images(n: int, size: int = 32, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth random pictures: (n, size, size, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((size, size))) for image in small])


def make_writer(work: Path, n: int, **overrides: Any) -> ShardWriter:
    """Keys are 0, 10, 20, … in reverse order."""
    plan = {"keys": np.arange(n)[::-1] * 10, "bounds": np.zeros((n, 4)), "dim": DIM, "fingerprint": "f1"}
    return ShardWriter(work, **{**plan, **overrides})


def make_metrics(n: int, **overrides: Any) -> dict[str, NDArray[np.float32]]:
    zeros = np.zeros(n, np.float32)
    return {"luminance": np.arange(n, dtype=np.float32), "nodata_share": zeros, **overrides}


def make_shard(folder: Path, n: int = 300, engine: str = DEFAULT, **overrides: Any) -> Shard:
    """Row i has key 10 * i and vector make_vectors(n)[n - 1 - i]."""
    with make_writer(folder.with_name("work"), n, **overrides) as writer:
        writer.append(make_vectors(n), make_metrics(n))
        writer.finish(folder, meta={"encoder": "test"}, engine=engine)
    return Shard.open(folder)


@contextmanager
def indexed_from(least: int, *, asked: bool = False) -> Iterator[None]:
    """Shards of so many tiles get an index; asked: searches use it even where a scan would be quicker."""
    with pytest.MonkeyPatch.context() as patch:
        for engine in ENGINES.values():
            patch.setattr(engine, "least", least)
        if asked:
            patch.setattr(ExactScan, "cost", lambda *_: np.inf)
        yield


def make_entry(folder: Path, **config: Any) -> Path:
    """A model store entry without files."""
    folder.mkdir(parents=True)
    needed = {"name": folder.name, "version": "1", "kind": "colour", "licence": "none"}
    (folder / "encoder.json").write_text(json.dumps({**needed, **config}))
    return folder


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of `size` bytes; where nothing may be mounted, a limit on every file's size instead."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and _quiet("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        if not mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _quiet(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def tiny_clip(folder: Path, **config: object) -> Path:
    """A model store entry of a CLIP with both towers and random weights."""
    import_torchvision()
    import open_clip
    import torch
    from safetensors.torch import save_file

    make_entry(folder, kind="open_clip", **config)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    torch.manual_seed(0)
    save_file(open_clip.CLIP(**TINY).state_dict(), folder / "weights.safetensors")
    return folder
