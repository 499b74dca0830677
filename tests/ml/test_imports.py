"""What loading parts of ml/ costs."""

import subprocess
import sys

import pytest


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("module", ["ml.shards", "ml.encoders", "ml.embedding", "ml.embed", "ml.finetune", "ml.index"])
def test_searching_and_the_command_lines_load_without_what_is_large(module: str) -> None:
    assert not {"torch", "torchvision", "django", "onnxruntime", "scipy"} & modules_after(f"import {module}")


def test_colour_encodes_without_torch() -> None:
    use = "load(builtin()['colour']).encode_images(__import__('numpy').zeros((1, 8, 8, 3), 'u1'))"
    assert "torch" not in modules_after(f"from ml.encoders import *; {use}")


def test_the_default_encoder_tells_its_dimensions_without_torch() -> None:
    assert "torch" not in modules_after("from ml.encoders import *; load(builtin()[DEFAULT]).dim")


def test_torchvision_timm_and_open_clip_load_after_the_shim() -> None:
    loaded = modules_after(
        "from ml.torchvision_shim import import_torchvision as i; i(); i(); import timm, open_clip"
        "; import torchvision.transforms.v2"
    )
    assert {"torchvision.models", "torchvision.transforms.v2", "timm", "open_clip"} <= loaded
