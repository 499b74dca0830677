"""The report card of a fine-tuning: what it did, and what it is worth on labels that were held out."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.encoders import Encoder
from ml.finetune.config import Tuning
from ml.finetune.examples import Examples
from ml.finetune.loop import Course
from ml.finetune.measuring import FIRST, Judged, K
from ml.train.cache import Cache
from ml.train.finishing import code_version, hardware

Parts = tuple[NDArray[np.integer], NDArray[np.integer]]  # rows that are learnt from, and rows held out


def told(
    before: Encoder, after: Encoder, cache: Cache, examples: Examples, parts: Parts, tuning: Tuning, course: Course,
    judged: list[Judged], device: str, licence: str | None,
) -> dict[str, Any]:  # fmt: skip
    """card.json. loss and accuracy: held out, before training and after each epoch; accuracy is that of the head.

    knn and the rest of the names are those of ml/train's cards.
    """
    seen = len(course.taught) * len(parts[0])
    return {
        "method": "finetune", "mode": tuning.mode, "backbone": before.name, "from": before.fingerprint,
        "loss": _rounded(course.loss), "knn": _rounded(course.accuracy), "taught": _rounded(course.taught),
        "epochs": course.best, "knn_before": round(judged[0].knn, 4), "knn_20": round(judged[1].knn, 4),
        "precision_before": round(judged[0].precision, 4), "precision_10": round(judged[1].precision, 4),
        "classes": examples.classes, "confusion": judged[1].confusion.tolist(),
        "confusion_before": judged[0].confusion.tolist(), "labels": np.bincount(examples.labels).tolist(),
        "images": len(examples), "held_out": len(parts[1]), "dim": after.dim,
        "data": {"digest": cache.digest, "refused": len(cache.refused), "source": cache.source},
        "config": json.loads(json.dumps(tuning.as_dict())), "seconds": round(course.seconds, 1),
        "images_per_second": round(seen / max(course.seconds, 1e-9), 1), "hardware": hardware(device),
        "licence": licence or before.licence, "code": code_version(),
    }  # fmt: skip


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]


def page(card: dict[str, Any]) -> str:
    """The card in words."""
    lines = [f"# {card['backbone']}, fine-tuned ({card['mode']}) on {card['images']} labelled images", ""]
    if not card["epochs"]:
        lines += ["**Nothing was gained**: no epoch was better on the held-out images than the encoder as it was.", ""]
    lines += [
        f"Judged on {card['held_out']} images that it did not learn from, and that lie elsewhere or in other folders "
        "where that is known. Every class counts alike.", "",
        "| | before | after |", "|---|---|---|",
        f"| named rightly by its {K} nearest | {card['knn_before']:.3f} | {card['knn_20']:.3f} |",
        f"| right among the first {FIRST} | {card['precision_before']:.3f} | {card['precision_10']:.3f} |", "",
        f"What the images show (rows) and what their {K} nearest say (columns):", "",
        f"| | {' | '.join(card['classes'])} |", "|---" * (len(card["classes"]) + 1) + "|",
    ]  # fmt: skip
    for name, row in zip(card["classes"], card["confusion"], strict=True):
        lines.append(f"| **{name}** | {' | '.join(map(str, row))} |")
    facts = {
        "epochs that helped": f"{card['epochs']} of {len(card['taught'])}", "left out": card["data"]["refused"],
        "source": card["data"]["source"], "data digest": card["data"]["digest"], "seconds": card["seconds"],
        "images a second": card["images_per_second"], "hardware": card["hardware"], "licence": card["licence"],
    }  # fmt: skip
    lines += ["", *(f"- {name}: {value}" for name, value in facts.items())]
    return "\n".join([*lines, "", "![Nearest neighbours](strips.png)", "", "![Curves](curve.svg)", ""])
