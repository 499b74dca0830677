"""Checkpoints: weights, the optimiser's state and where the training stood, as safetensors and JSON.

checkpoint.json names the file of tensors that it belongs to and is replaced last: a process that dies while writing
leaves the one before.
"""

import errno
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ml.errors import BadTraining
from ml.shards.files import save_tensors, write_json

CHECKPOINT, LOG = "checkpoint.json", "log.jsonl"


def save(work: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Raises BadTraining when the disk is full; the checkpoint before stays."""
    path = work / f"checkpoint-{facts['step']:08}.safetensors"
    try:
        save_tensors(save_file, {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
        write_json(work / CHECKPOINT, {**facts, "tensors": path.name})
    except (OSError, SafetensorError) as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise BadTraining(
                f"The disk is full: the checkpoint of step {facts['step']} could not be written to {work}. Make room "
                "and start again; training goes on from the one before."
            ) from error
        raise
    for old in work.glob("checkpoint-*.safetensors"):
        if old != path:
            old.unlink(missing_ok=True)


def load(work: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """None when there is no checkpoint; raises BadTraining when it cannot be read."""
    if not (work / CHECKPOINT).is_file():
        return None
    try:
        facts = json.loads((work / CHECKPOINT).read_bytes())
        return load_file(work / facts["tensors"]), facts
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise BadTraining(f"The checkpoint in {work} cannot be read ({error}): delete it and train anew.") from error


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Its state as tensors: "optimiser.<parameter>.<name>"."""
    return {
        f"optimiser.{i}.{name}": torch.as_tensor(value)
        for i, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Tensors get the memory layout of their parameter: fused optimisers go through both side by side in memory."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimiser."):
            _, number, name = key.split(".", 2)
            like = parameters[int(number)]
            laid_out = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
            state.setdefault(int(number), {})[name] = laid_out
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def without(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(f"{prefix}."): value for key, value in tensors.items() if key.startswith(f"{prefix}.")}
