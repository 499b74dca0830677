"""The end of a training: the entry, its report card, and its pictures."""

import json
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ml.evaluate import metrics
from ml.shards.files import write_json
from ml.train import backbones, pictures, watching
from ml.train.export import write_entry

if TYPE_CHECKING:
    from ml.train.loop import Run

ENTRY, CARD = "entry", "card.json"


def finish(run: "Run", licence: str) -> Path:
    """Write `work`/entry whole, and return it."""
    folder = run.work / ENTRY
    shutil.rmtree(folder, ignore_errors=True)
    if run.best_weights and run.config.patience:
        run.kept = {name: tensor.to(run.device) for name, tensor in run.best_weights.items()}
    fresh = run.work / f".{ENTRY}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    write_entry(fresh, run.kept, entry_config(run, licence))
    card = measured(run, licence)
    write_json(fresh / CARD, card)
    (fresh / "card.md").write_text(pictures.page(card), encoding="utf-8")
    (fresh / "curve.svg").write_text(pictures.curves(card["loss"], card["knn"]), encoding="utf-8")
    rows = watching.sample(len(run.cache), 10_000)
    pixels = np.asarray(run.cache.pixels[rows])
    (fresh / "strips.png").write_bytes(pictures.strips(pixels, run.embed(pixels)))
    fresh.rename(folder)
    return folder


def entry_config(run: "Run", licence: str) -> dict[str, Any]:
    config = run.config
    return {
        "name": config.name, "version": "1", "kind": "ssl",
        "licence": licence, "architecture": config.backbone, "bands": run.cache.bands, "size": config.size,
        "dim": run.dim, "mean": run.normal.mean, "std": run.normal.std, "stretch": run.cache.stretch,
        "arguments": backbones.arguments(config.backbone, config.size),
        "trained": {
            "method": config.method, "epochs": len(run.losses), "images": len(run.cache), "data": run.cache.digest,
            "from": run.start.fingerprint if run.start else None, "seed": config.seed, "code": code_version(),
        },
    }  # fmt: skip


def measured(run: "Run", licence: str) -> dict[str, Any]:
    """The card's numbers, by the weights that are kept."""
    config, cache = run.config, run.cache
    some = np.asarray(cache.pixels[watching.sample(len(cache))])
    vectors = run.embed(some)
    rank = metrics.effective_rank(vectors)
    knn, precise = (None, None)
    if run.labelled is not None and run.watched is not None:
        knn, precise = watching.knn_score(run.embed(run.watched), run.labelled)
    aligned = watching.alignment(run.encoder(), some[:500], config.views, run.normal, run.device)
    return {
        "method": config.method, "backbone": config.backbone, "loss": rounded(run.losses), "knn": rounded(run.scores),
        "knn_20": knn, "precision_10": precise, "labels": run.labelled.name if run.labelled else None,
        "alignment": aligned, "uniformity": metrics.uniformity(vectors), "effective_rank": rank,
        "collapsed": rank < watching.COLLAPSED, "dim": run.dim, "images": len(cache),
        "data": {"digest": cache.digest, "refused": len(cache.refused), "source": cache.source},
        "config": json.loads(json.dumps(config.as_dict())), "batch": run.whole_batch, "pieces": run.pieces,
        "precision": run.precision.name, "seconds": round(run.seconds, 1),
        "images_per_second": round(run.step * run.whole_batch / max(run.seconds, 1e-9), 1),
        "hardware": hardware(run.device), "licence": licence, "from": run.start.fingerprint if run.start else None,
        "code": code_version(),
    }  # fmt: skip


def rounded(values: list[Any]) -> list[Any]:
    return [None if value is None else round(value, 5) for value in values]


def hardware(device: str) -> str:
    """In words, for the card."""
    if device == "cuda":
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}"
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    return f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def code_version() -> str:
    try:
        return version("lookalike")
    except PackageNotFoundError:  # used from a checkout, as it mostly is
        return "0.1.0"
