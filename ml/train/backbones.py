"""The networks that are trained: timm's, with any number of bands, from random or known weights."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ml import encoders
from ml.encoders import entry as entries
from ml.encoders.networks import IMAGENET
from ml.errors import BadEncoder, BadTraining
from ml.torchvision_shim import import_torchvision

IMAGENET_START, IMAGENET_ENTRY = "imagenet", "mobilenet"


class Start(NamedTuple):
    """Where weights come from. mean, std: of the bands, 0-1, as they expect them; None to use those of the imagery."""

    state: dict[str, Tensor]
    mean: list[float] | None
    std: list[float] | None
    fingerprint: str | None
    architecture: str
    bands: int


def build(architecture: str, *, bands: int, size: int, start: Start | None = None) -> nn.Module:
    """(n, bands, size, size) normalised float -> (n, dim).

    Raises BadTraining for a name that timm does not have, and weights of another architecture.
    """
    import_torchvision()
    import timm

    if not timm.is_model(architecture):
        near = ", ".join(timm.list_models(f"*{architecture.split('_')[0][:6]}*")[:5]) or "resnet18"
        raise BadTraining(f"timm has no backbone {architecture!r}. Try one of: {near}.")
    try:
        module: nn.Module = timm.create_model(
            architecture, pretrained=False, num_classes=0, in_chans=bands, **arguments(architecture, size)
        )
    except (AssertionError, ValueError, TypeError, RuntimeError) as error:
        raise BadTraining(f"{architecture} cannot be made for {size} px: {error}. Choose another backbone.") from error
    if start is not None:
        fill(module, start, architecture, bands)
    return module


def arguments(architecture: str, size: int) -> dict[str, Any]:
    """What timm must be told, now and whenever the weights are loaded: transformers have a size of their own."""
    return {"img_size": size} if architecture.startswith(("vit_", "deit", "swin")) else {}


def width(module: nn.Module, bands: int, size: int) -> int:
    """dim, by asking."""
    training = module.training
    with torch.inference_mode():
        dim = int(module.eval()(torch.zeros(1, bands, size, size)).shape[1])
    module.train(training)
    return dim


def find_start(given: str) -> Start | None:
    """`given` as Config.start has it: "", "imagenet", the name of what comes with Lookalike, or an entry's folder."""
    if not given:
        return None
    name = IMAGENET_ENTRY if given == IMAGENET_START else given
    try:
        entry = entries.read(encoders.builtin().get(name, Path(name)))
        kind, config = entry.config["kind"], entry.config
        if kind not in ("ssl", "timm", "torchvision"):
            raise BadTraining(f"{name} is no single network ({kind}): training cannot begin from it. Choose another.")
        state = read_state(entry.file("weights"))
    except BadEncoder as error:
        raise BadTraining(f"Training cannot begin from {given!r}: {error}") from error
    if kind == "torchvision":
        if config["architecture"] != "mobilenet_v2":
            raise BadTraining(f"Of torchvision's networks training can begin from mobilenet_v2 only, not {name}.")
        return Start(as_timm(state), IMAGENET[0], IMAGENET[1], entry.fingerprint, "mobilenetv2_100", 3)
    return Start(
        state, config.get("mean"), config.get("std"), entry.fingerprint, config["architecture"], config.get("bands", 3)
    )


def read_state(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {name: t.float() if t.is_floating_point() else t for name, t in load_file(path).items()}
    except SafetensorError as error:
        raise BadEncoder(f"{path} is not a whole safetensors file ({error}): copy it again.") from error


def as_timm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """torchvision's mobilenet_v2 under the names of timm's mobilenetv2_100, which has the same layers in one order."""
    models = import_torchvision().models
    import timm

    names = timm.create_model("mobilenetv2_100", num_classes=0).state_dict()
    theirs = models.mobilenet_v2().state_dict()  # in the layers' order; files of safetensors are sorted by name
    complete = {name: state.get(name, one) for name, one in theirs.items() if not name.startswith("classifier.")}
    ordered = list(complete.values())
    lacking = [name for name in complete if name not in state and not name.endswith("num_batches_tracked")]
    if lacking or [t.shape for t in ordered] != [t.shape for t in names.values()]:
        raise BadEncoder("These are not the weights of torchvision's mobilenet_v2.")
    return dict(zip(names, ordered, strict=True))


def fill(module: nn.Module, start: Start, architecture: str, bands: int) -> None:
    """Raises BadTraining when the weights are of another architecture; more or fewer bands are shared out."""
    state = start.state
    if start.bands != bands:
        state = _for_bands(module, state, bands)
    wanted = module.state_dict()
    odd = [
        name
        for name in {*wanted, *state}
        if name not in wanted or name not in state or wanted[name].shape != state[name].shape
    ]
    if odd:
        raise BadTraining(
            f"The weights to begin from are those of {start.architecture}, not of {architecture} (for instance "
            f"{min(odd)} does not fit): choose {start.architecture} as the backbone, or another start."
        )
    module.load_state_dict(state)


def _for_bands(module: nn.Module, state: dict[str, Tensor], bands: int) -> dict[str, Tensor]:
    """The first layer's weights repeated over the bands, and scaled, so that what comes out stays as strong."""
    from timm.models._manipulate import adapt_input_conv

    first = next(name for name, weight in module.state_dict().items() if weight.ndim == 4)
    if first not in state:
        return state
    return {**state, first: adapt_input_conv(bands, state[first])}


__all__ = ["Start", "arguments", "build", "find_start", "width"]
