"""Joins an encoder that was trained by tests.bench.ssl.quality with colours, as the default encoder does.

python -m tests.bench.ssl.default --data ../shared/data --entry FOLDER/colours/entry [--write]

Weights and whitening are chosen on the yardstick's even columns; the odd ones are reported. The projection is fitted,
without labels, on the tiles of tests.bench.encoders.imagery. --write puts ml/store/earth (the network) and
ml/store/earth-colour.
"""

import argparse
import json
import shutil
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from ml import encoders
from ml.encoders.base import direction
from ml.evaluate import metrics
from ml.evaluate.fewshot import few_shot
from ml.evaluate.landcover import land_cover
from ml.train.watching import knn_score
from tests.bench.encoders import imagery
from tests.bench.encoders.candidates import fit

EARLY = {"blocks.1": 24, "blocks.2": 32}
WIDTHS = {"early": 48, "colour": 96, "end": 112}
Bank = dict[str, np.ndarray]


def with_layers(entry: Path, folder: Path) -> Path:
    """The same network, which also tells what its early layers see; nothing of how it was trained is lost."""
    shutil.copytree(entry, folder)
    config = json.loads((folder / "encoder.json").read_text())
    config |= {"name": "earth", "version": "1", "layers": EARLY}
    (folder / "encoder.json").write_text(json.dumps(config, indent=1) + "\n")
    return folder


def said(network: encoders.Encoder, images: np.ndarray) -> Bank:
    colour = encoders.load(encoders.builtin()["colour"], threads=1)
    several = [network.blocks(images[i : i + 64]) for i in range(0, len(images), 64)]
    parts = {name: np.concatenate([one[name] for one in several]) for name in several[0]}
    colours = np.concatenate([colour.encode_images(images[i : i + 64]) for i in range(0, len(images), 64)])
    return {"early": np.concatenate([parts[name] for name in EARLY], axis=1), "colour": colours, "end": parts[""]}


def joined(bank: Bank, fits: dict[str, tuple[np.ndarray, np.ndarray]], weights: dict[str, float]) -> np.ndarray:
    parts = [
        weight * direction((bank[name] - fits[name][0]) @ fits[name][1]) for name, weight in weights.items() if weight
    ]
    return direction(np.concatenate(parts, axis=1))


def chosen(training: Bank, banks: dict[str, Bank], sets: dict) -> tuple[dict[str, float], float]:
    """(weights, whitening) with the best P@10 + kNN on the even columns."""
    best, found = 0.0, ({}, 0.0)
    print("| early | end | whitening | even P@10, kNN | odd P@10, kNN | all P@10, kNN |")
    print("| ---: | ---: | ---: | --- | --- | --- |")
    for whitening in (0.3, 0.5):
        fits = {name: fit(training[name], WIDTHS[name], whitening) for name in WIDTHS}
        for early, end in product((0.0, 0.5, 0.7, 1.0), (0.4, 0.6, 0.8, 1.0)):
            weights = {"early": early, "colour": 1.0, "end": end}
            scores = {name: knn_score(joined(bank, fits, weights), sets[name])[::-1] for name, bank in banks.items()}
            told = " | ".join(f"{scores[name][0]:.3f}, {scores[name][1]:.3f}" for name in ("even", "odd", "all"))
            print(f"| {early} | {end} | {whitening} | {told} |", flush=True)
            if sum(scores["even"]) > best:
                best, found = sum(scores["even"]), (weights, whitening)
    return found


def write(network: Path, training: Bank, weights: dict[str, float], whitening: float) -> None:
    store = encoders.builtin()["colour"].parent
    shutil.rmtree(store / "earth", ignore_errors=True)
    shutil.copytree(network, store / "earth")
    for name in ("checksums.json", "card.md", "curve.svg"):
        (store / "earth" / name).unlink(missing_ok=True)
    parts, arrays = [], {}
    for name, weight in weights.items():
        if weight:
            entry = {"entry": "colour" if name == "colour" else "earth", "weight": weight}
            layers = {"layers": [*EARLY]} if name == "early" else {}
            mean, matrix = fit(training[name], WIDTHS[name], whitening)
            arrays |= {f"{len(parts)}.mean": mean.astype(np.float16)}
            arrays |= {f"{len(parts)}.matrix": np.ascontiguousarray(matrix, np.float16)}
            parts.append({**entry, **layers, "width": WIDTHS[name], "whitening": whitening})
    folder = store / "earth-colour"
    folder.mkdir(exist_ok=True)
    save_file(arrays, folder / "projection.safetensors")
    config = {
        "name": "earth-colour", "version": "1", "kind": "joined", "licence": "BSD-3-Clause", "parts": parts,
        "source": "chosen and fitted in docs/benchmarks/ssl.md",
    }  # fmt: skip
    (folder / "encoder.json").write_text(json.dumps(config, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.ssl.default", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--entry", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sets = {columns: land_cover(options.data, columns) for columns in ("even", "odd", "all")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = with_layers(options.entry, Path(temporary) / "earth")
        network = encoders.load(folder, threads=1)
        banks = {name: said(network, np.stack([one.read(i) for i in range(len(one))])) for name, one in sets.items()}
        training = said(network, imagery.training_tiles(options.data))
        weights, whitening = chosen(training, banks, sets)
        fits = {name: fit(training[name], WIDTHS[name], whitening) for name in WIDTHS}
        print(f"chosen: {weights}, whitening {whitening}")
        for name, bank in banks.items():
            vectors = joined(bank, fits, weights)
            shots = float(np.nanmean(few_shot(vectors, sets[name])))
            print(f"{name}: 10 labels {shots:.3f}, effective rank {metrics.effective_rank(vectors):.0f}")
        if options.write:
            write(folder, training, weights, whitening)


if __name__ == "__main__":
    main()
