"""Writing what was trained as a model store entry that ml.encoders.load opens."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from ml.encoders import entry as entries
from ml.shards.files import save_tensors, write_json


def write_entry(folder: Path, state: dict[str, Tensor], config: dict[str, Any], *, half: bool = True) -> None:
    """encoder.json and weights.safetensors; half: weights rounded to float16, which halves the file."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: rounded(tensor, half).cpu().contiguous().clone() for name, tensor in state.items()}
    save_tensors(save_file, tensors, folder / "weights.safetensors")
    write_json(folder / entries.CONFIG, config)


def rounded(tensor: Tensor, half: bool) -> Tensor:
    """What float16 can hold; larger values, which running statistics may have, stay as they are."""
    if not half or tensor.dtype != torch.float32 or tensor.abs().max() > 6e4:
        return tensor
    return tensor.half()
