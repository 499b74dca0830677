"""Lets torchvision be imported beside a torch without CUDA.

PyPI's torchvision wheel is linked to CUDA. With a CPU build of torch its C++ library does not load, its operators
stay undeclared, and `import torchvision` (and so timm and open_clip) dies with "operator torchvision::nms does not
exist". Declaring the two operators that are looked up at import is enough: models and transforms are plain Python.
A torchvision that imports by itself is left alone. `torchvision.io` and `torchvision.ops` stay unusable.
"""

import functools
import importlib
import sys
from types import ModuleType

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[object] = []  # torch forgets the declarations when their Library is collected


@functools.cache
def import_torchvision() -> ModuleType:
    """Returns torchvision; raises what its import raises, unless it is the missing-operator error."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declare_operators()
    return importlib.import_module("torchvision")


def _declare_operators() -> None:
    from torch.library import Library

    library = Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        library.define(schema)
    _libraries.append(library)
