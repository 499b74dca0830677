"""Does what somebody brings really work? Its files are what they say, and it turns pictures into vectors."""

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ml import encoders
from ml.encoders import entry as entries
from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder, MLError
from ml.modelstore import checksums
from ml.modelstore.publishing import ANY_CODE, PICKLES, check_files
from ml.shards.files import write_json

_NETWORKS = ("torchvision", "timm", "open_clip", "ssl", "onnx")
_PICKLED = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04", b"(dp", b"}q", b"\x1f\x8b")
_MOST_HEADER = 100 * 2**20  # safetensors' own limit
_MOST_JSON = 16 * 2**20
PATIENCE = 300  # seconds


def check(folder: Path, *, isolated: bool = False, patience: float = PATIENCE) -> dict[str, Any]:
    """What the entry turned out to be: {"dim", "size", "bands", "has_text"}; raises BadEncoder, which says why not.

    Vectors of two made-up pictures are made, and must be finite and of the stated length.  isolated: in a process of
    its own, for `patience` seconds, so that a file made to do harm, or too large for the memory, takes nothing else
    with it.
    """
    for path in check_files(folder):
        check_content(path)
    return _elsewhere(folder, patience) if isolated else run(folder)


def check_content(path: Path) -> None:
    """Raises BadEncoder for a file that is not what its ending says: a pickle above all."""
    with path.open("rb") as file:
        start = file.read(16)
    if path.suffix == ".safetensors":
        check_safetensors(path, start)
    elif path.suffix == ".json":
        _check_json(path)
    elif start.startswith(_PICKLED[:5]):
        raise BadEncoder(f"{path.name} is a pickle under another name: {ANY_CODE}")


def check_safetensors(path: Path, start: bytes) -> None:
    """Eight bytes with the length of the header, then the header, in JSON."""
    length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
    if start[8:9] == b"{" and 0 < length <= min(_MOST_HEADER, path.stat().st_size - 8):
        return
    if start.startswith(_PICKLED):
        raise BadEncoder(f"{path.name} is a pickle (as {', '.join(PICKLES[:4])} are) under another name: {ANY_CODE}")
    raise BadEncoder(f"{path.name} is not a whole safetensors file: copy it again, or convert the weights again.")


def _check_json(path: Path) -> None:
    if path.stat().st_size > _MOST_JSON:
        raise BadEncoder(
            f"{path.name} is larger than {_MOST_JSON / 2**20:.0f} MB: that is no description of an encoder."
        )
    try:
        json.loads(path.read_bytes())
    except ValueError as error:
        raise BadEncoder(f"{path.name} is not JSON: {error}") from error


def check_sums(folder: Path) -> None:
    """Of a folder that comes from a store: raises BadEncoder unless every file arrived as it was."""
    if found := checksums.damage(folder):
        raise BadEncoder(
            f"What arrived is not what was published: {' '.join(found)} Fetch it again, and send it again."
        )


def run(folder: Path) -> dict[str, Any]:
    """Load it and make vectors of two pictures."""
    encoder = encoders.load(folder, threads=2, device="cpu", choose=False)
    side, random = encoder.size, np.random.default_rng(0)
    if not 1 <= side <= 4096:
        raise BadEncoder(f"The encoder looks at squares of {side} pixels a side: 1 to 4096 are possible.")
    pictures = random.integers(0, 256, (2, side, side, encoder.bands), np.uint8)
    pictures[1] = pictures[1].mean(axis=(0, 1), dtype=np.float64).astype(np.uint8)  # one of a single colour
    vectors = encoder.encode_images(pictures)
    if vectors.shape != (2, encoder.dim):
        raise BadEncoder(f"The encoder makes vectors of {vectors.shape[1]} numbers; encoder.json says {encoder.dim}.")
    if not np.isfinite(vectors).all():
        raise BadEncoder(
            "The encoder makes numbers that are not finite: its weights are damaged, or it was not trained."
        )
    return {"dim": encoder.dim, "size": side, "bands": encoder.bands, "has_text": encoder.has_text}


def _elsewhere(folder: Path, patience: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "ml.modelstore", "check", str(folder), "--json"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience, check=False, cwd=Path(__file__).parents[2]
        )
    except subprocess.TimeoutExpired as error:
        raise BadEncoder(
            f"The encoder was not built and tried within {patience:.0f} seconds: it is large, or this machine is busy. "
            "Try again later, or bring it in at the server's terminal: manage.py models upload FILE."
        ) from error
    if done.returncode < 0 or not done.stdout:
        said = done.stderr.strip().splitlines()
        raise BadEncoder(
            said[-1] if said and done.returncode == 2 else
            f"The encoder could not be tried: its process ended with {done.returncode}. Perhaps it needs more memory "
            "than there is; try it with python -m ml.modelstore check FOLDER."
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def complete(folder: Path, found: dict[str, Any]) -> None:
    """Write a network's size and dimension into encoder.json where it lacks them: nobody has to build it to ask."""
    config = json.loads((folder / CONFIG).read_bytes())
    if config.get("kind") in _NETWORKS and not {"dim", "size"} <= set(config):
        write_json(folder / CONFIG, {"dim": found["dim"], "size": found["size"], **config})
        entries.read(folder)


def reason(error: MLError, folder: Path, shown: str) -> str:
    """An error's sentence with the name that people know instead of the folder where the files were looked at."""
    return str(error).replace(f"{folder}/", "").replace(str(folder), shown)
