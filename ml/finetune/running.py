"""One fine-tuning from labels to a finished entry with its report card. Imports torch."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ml import encoders
from ml.embed.reducing import save
from ml.encoders import Encoder
from ml.encoders.entry import CONFIG
from ml.encoders.runtime import find_device
from ml.finetune import card, frozen, networks
from ml.finetune.config import Tuning
from ml.finetune.examples import Examples, held_out
from ml.finetune.loop import Course, Job
from ml.finetune.measuring import Judged, judge
from ml.shards.files import write_json
from ml.train import pictures
from ml.train.cache import Cache

ENTRY = "entry"
Progress = Callable[[str, int, int], None]  # stage, done, total


def finetune(
    base: Path,
    of: str | None,
    cache: Cache,
    examples: Examples,
    tuning: Tuning,
    work: Path,
    *,
    device: str | None = None,
    licence: str | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Teach the encoder in `base` what the examples' labels say; returns the finished entry, `work`/entry.

    of: what the model store calls the encoder, needed where it stays frozen.  cache: the images, in the examples'
    order, at the encoder's size.  Called again with the same work folder it goes on from the last finished epoch.
    Raises BadEncoder, TooFewLabels, TrainingDiverged, BadTraining.
    """
    progress, device = on_progress or (lambda stage, done, total: None), device or find_device()
    aside = held_out(examples, tuning.held_out, tuning.seed)
    parts = np.flatnonzero(~aside), np.flatnonzero(aside)
    out = work / ENTRY
    shutil.rmtree(out, ignore_errors=True)
    teach = _frozen if tuning.mode == "frozen" else _network
    course = teach(base, of, cache, examples, parts, tuning, work, device, progress)
    before, after = (_opened(folder, work, device) for folder in (base, out))
    judged = [_judged(encoder, cache, examples, parts, progress, name)
              for encoder, name in ((before, "before"), (after, "after"))]  # fmt: skip
    told = card.told(before, after, cache, examples, parts, tuning, course, judged, device, licence)
    _write_card(out, told, after, cache, parts)
    return out


def _network(
    base: Path, of: str | None, cache: Cache, examples: Examples, parts: card.Parts, tuning: Tuning, work: Path,
    device: str, progress: Progress,
) -> Course:  # fmt: skip
    opened = networks.open_network(base)
    state = work / f"checkpoints-{cache.digest}-{opened.entry.fingerprint}"
    state.mkdir(parents=True, exist_ok=True)
    job = Job(opened, cache.pixels, examples.targets, examples.weights, parts, tuning, device, state)
    course, best = job.run(lambda done, total: progress("epochs", done, total))
    told = {"from": opened.entry.fingerprint, "mode": tuning.mode, "epochs": course.best, "classes": examples.classes}
    networks.write(opened, best, work / ENTRY, tuned=told)
    return course


def _frozen(
    base: Path, of: str | None, cache: Cache, examples: Examples, parts: card.Parts, tuning: Tuning, work: Path,
    device: str, progress: Progress,
) -> Course:  # fmt: skip
    encoder, (learnt, aside) = _opened(base, work, device), parts
    seen = frozen.look(encoder, cache.pixels, learnt, tuning, lambda done, total: progress("looks", done, total))
    job = frozen.Projected(seen, examples.targets[learnt], examples.weights[learnt], tuning)
    judged_by = _vectors(encoder, cache, aside, progress, "held out")
    course, axes = job.run((judged_by, examples.targets[aside], examples.weights[aside]))
    config = {
        "name": "new", "version": "0", "kind": "reduced", "of": of, "licence": encoder.licence, "words": False,
        "tuned": {"from": encoder.fingerprint, "mode": "frozen", "epochs": course.best, "classes": examples.classes},
        **({"bands": encoder.bands} if encoder.bands != 3 else {}),
    }  # fmt: skip
    (work / ENTRY).mkdir(parents=True)
    save(axes, work / ENTRY)
    write_json(work / ENTRY / CONFIG, config)
    return course


def _opened(folder: Path, work: Path, device: str) -> Encoder:
    """What it exports for speed lies in the work folder: the entry gets another name, and so another fingerprint."""
    return encoders.load(folder, cache=work / "exported", device=device)


def _vectors(encoder: Encoder, cache: Cache, rows: Any, progress: Progress, stage: str) -> Any:
    found = []
    for start in range(0, len(rows), 256):
        found.append(encoder.encode_images(np.asarray(cache.pixels[rows[start : start + 256]])))
        progress(stage, min(start + 256, len(rows)), len(rows))
    return np.concatenate(found)


def _judged(
    encoder: Encoder, cache: Cache, examples: Examples, parts: card.Parts, progress: Progress, stage: str
) -> Judged:
    vectors, labels = _vectors(encoder, cache, np.concatenate(parts), progress, stage), examples.labels
    n = len(parts[0])
    return judge(vectors[:n], labels[parts[0]], vectors[n:], labels[parts[1]])


def _write_card(out: Path, told: dict[str, Any], encoder: Encoder, cache: Cache, parts: card.Parts) -> None:
    write_json(out / "card.json", json.loads(json.dumps(told)))
    (out / "card.md").write_text(card.page(told), encoding="utf-8")
    (out / "curve.svg").write_text(pictures.curves(told["loss"], told["knn"]), encoding="utf-8")
    rows = np.sort(np.random.default_rng(0).permutation(len(cache))[:2000])
    pixels = np.asarray(cache.pixels[rows])
    (out / "strips.png").write_bytes(pictures.strips(pixels, encoder.encode_images(pixels)))
