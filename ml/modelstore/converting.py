"""Checkpoints as others publish them, made into entries: pickles are opened here, by a machine's owner, and only here.

torch.load(weights_only=True) unpickles tensors and plain containers, nothing that runs code; but it has had holes
(CVE-2025-32434), so the site never calls this: it is for the command line.  Imports torch when used.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder
from ml.modelstore.checking import check
from ml.modelstore.publishing import arriving, publish
from ml.shards.files import write_json
from ml.torchvision_shim import import_torchvision

if TYPE_CHECKING:
    from torch import Tensor

_INSIDE = ("state_dict", "model_state_dict", "model", "module", "teacher", "net", "weights")
_AROUND = ("module.", "_orig_mod.", "model.", "clip_model.", "clip.")  # DDP, torch.compile, Lightning and the like
_COMPUTED = ("position_ids", "attn_mask")  # buffers that open_clip makes itself


def state_dict(file: Path) -> "dict[str, Tensor]":
    """The tensors of a checkpoint, a pickle or safetensors, without what was wrapped around them; raises BadEncoder."""
    found = _safetensors(file) if file.suffix == ".safetensors" else _pickle(file)
    for key in _INSIDE:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
            break
    tensors = {str(key): value for key, value in found.items() if _is_tensor(value)} if isinstance(found, dict) else {}
    if not tensors:
        raise BadEncoder(f"{file} holds no weights: give a checkpoint with a state dict in it.")
    return unwrapped(tensors)


def unwrapped(tensors: "dict[str, Tensor]") -> "dict[str, Tensor]":
    """Without prefixes that all keys share because the network was wrapped when it was saved."""
    while lead := next((lead for lead in _AROUND if all(key.startswith(lead) for key in tensors)), ""):
        tensors = {key.removeprefix(lead): value for key, value in tensors.items()}
    return tensors


def convert(file: Path, out: Path, *, half: bool = False) -> int:
    """Write a checkpoint's tensors as safetensors; returns how many there are. FileExistsError, BadEncoder."""
    if out.exists():
        raise FileExistsError(f"{out} exists already. Move it away first, or give another file.")
    tensors = state_dict(file)
    part = out.with_name(f".{out.name}.part")
    try:
        save(tensors, part, half=half)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return len(tensors)


def save(tensors: "dict[str, Tensor]", path: Path, *, half: bool = False) -> None:
    """half: floats as float16, for half the disk; they are computed with as float32 all the same."""
    from safetensors.torch import save_file

    kept = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    if half:
        kept = {key: value.half() if value.is_floating_point() else value for key, value in kept.items()}
    save_file(kept, path)


def import_openclip(
    file: Path, models: Path, name: str, *, architecture: str, licence: str, source: str = "", half: bool = False
) -> Path:
    """A checkpoint in open_clip's format (RemoteCLIP's, GeoRSCLIP's, …) as the next version of `name`.

    Checkpoints of the image tower alone make an encoder without text search.  Raises BadEncoder when the file is no
    checkpoint, or of another architecture.
    """
    towers, tensors = matched(state_dict(file), architecture, file)
    told = {"towers": "image"} if towers == "image" else {}
    config = {
        "kind": "open_clip",
        "architecture": architecture,
        "licence": licence,
        "source": source or file.name,
        **told,
    }
    with arriving(models) as fresh:
        save(tensors, fresh / "weights.safetensors", half=half)
        write_json(fresh / CONFIG, {"name": name, "version": "0", **config})
        found = check(fresh)
        write_json(fresh / CONFIG, {"name": name, "version": "0", **config, "dim": found["dim"], "size": found["size"]})
        return publish(fresh, models, name, move=True)


def matched(tensors: "dict[str, Tensor]", architecture: str, file: Path) -> "tuple[str, dict[str, Tensor]]":
    """("both" or "image", the weights under the keys of open_clip's model); raises BadEncoder when they do not fit."""
    wanted = _wanted(architecture)
    visual = {key.removeprefix("visual."): shape for key, shape in wanted.items() if key.startswith("visual.")}
    tensors = {key: value for key, value in tensors.items() if not key.endswith(_COMPUTED) or key in wanted}
    inside = {key.removeprefix("visual."): value for key, value in tensors.items() if key.startswith("visual.")}
    if set(wanted) <= set(tensors):
        return "both", _fitting(wanted, tensors, architecture, file)
    if len(inside) == len(tensors):
        return "image", _fitting(visual, inside, architecture, file)
    if not inside and set(visual) <= set(tensors):
        return "image", _fitting(visual, tensors, architecture, file)
    return "both", _fitting(wanted, tensors, architecture, file)  # which says what is missing


def _fitting(
    wanted: dict[str, Any], tensors: "dict[str, Tensor]", architecture: str, file: Path
) -> "dict[str, Tensor]":
    missing = [key for key in wanted if key not in tensors]
    shaped = [key for key in wanted if key in tensors and tuple(tensors[key].shape) != wanted[key]]
    if missing:
        raise BadEncoder(
            f"{file} is not a checkpoint of {architecture}: {len(missing)} of its {len(wanted)} tensors are missing, "
            f"{missing[0]} for example, where the file has {next(iter(tensors))}. Give the architecture that it was "
            "trained with."
        )
    if shaped:
        key = shaped[0]
        raise BadEncoder(
            f"{file} is not a checkpoint of {architecture}: {len(shaped)} of its tensors have another shape, {key} for "
            f"example {tuple(tensors[key].shape)} instead of {wanted[key]}. Give the architecture it was trained with."
        )
    return {key: tensors[key] for key in wanted}


def _wanted(architecture: str) -> dict[str, tuple[int, ...]]:
    """Key -> shape of open_clip's model, built without memory for its numbers."""
    import_torchvision()
    import open_clip
    import torch

    if architecture not in open_clip.list_models():
        near = [name for name in open_clip.list_models() if name.lower().startswith(architecture[:5].lower())]
        raise BadEncoder(f"open_clip has no architecture {architecture!r}; near it: {', '.join(near[:8]) or 'none'}.")
    with torch.device("meta"):
        model = open_clip.create_model(architecture, load_weights=False, pretrained_text=False, device="meta")
    return {key: tuple(value.shape) for key, value in model.state_dict().items()}


def _pickle(file: Path) -> Any:
    import pickle

    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadEncoder(
            f"{file} holds more than weights, or is no checkpoint of torch's: it is not opened, since it could run any "
            "code. Save model.state_dict() alone with the programs that it comes from, and convert that."
        ) from error
    except (RuntimeError, EOFError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise BadEncoder(
            f"{file} is damaged, or no checkpoint of torch's ({str(error)[:200]}): fetch it again."
        ) from error


def _safetensors(file: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except SafetensorError as error:
        raise BadEncoder(f"{file} is not a whole safetensors file ({error}): copy it again.") from error


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
