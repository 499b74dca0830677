"""Encoders: models that turn tiles, and where they can texts, into vectors. See entry.py for what the store holds."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from ml.encoders import entry as entries
from ml.encoders.base import Encoder
from ml.encoders.clip import OpenClip
from ml.encoders.colour import Colour
from ml.encoders.entry import Entry
from ml.encoders.joined import Joined, Part
from ml.encoders.learnt import Learnt
from ml.encoders.networks import Timm, Torchvision
from ml.encoders.onnx_model import Onnx
from ml.encoders.reduced import Reduced
from ml.encoders.runtime import Runtime
from ml.encoders.statistics import LayerStatistics
from ml.encoders.structure import Structure
from ml.errors import BadEncoder, NoSuchModel

__all__ = ["DEFAULT", "Encoder", "builtin", "load"]

DEFAULT = "mobilenet-colour"
_STORE = Path(__file__).parents[1] / "store"
_COMPUTED = ("colour", "structure", "statistics", "joined", "reduced")
_NETWORKS: dict[str, Callable[[Entry, Runtime], Encoder]] = {
    "torchvision": Torchvision,
    "timm": Timm,
    "open_clip": OpenClip,
    "ssl": Learnt,
    "onnx": Onnx,
}
_ANY_BANDS = ("timm", "ssl", "onnx", "joined", "reduced")


def builtin() -> dict[str, Path]:
    """The entries that come with Lookalike: name -> folder."""
    return {path.parent.name: path.parent for path in sorted(_STORE.glob(f"*/{entries.CONFIG}"))}


def load(
    folder: Path,
    *,
    threads: int | None = None,
    cache: Path | None = None,
    device: str | None = None,
    choose: bool = True,
) -> Encoder:
    """Open a model store entry.

    threads: for one call of an encoder, None for all cores; cache: a folder for exported models, by default in the
    user's cache folder; device: "cpu" or "cuda", by default cuda where there is one; choose: try what runs it fastest,
    not worth its while for a few images.  Networks are built at first use.
    Raises BadEncoder; and NoWeights, here or at first use, when a download is needed and impossible.
    """
    return _open(entries.read(Path(folder)), Runtime(threads, cache or user_cache(), device, choose))


def user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lookalike" / "encoders"


def _open(entry: Entry, runtime: Runtime) -> Encoder:
    kind = entry.config["kind"]
    if entry.bands != 3 and kind not in _ANY_BANDS:
        raise BadEncoder(f"{entry.folder}: encoders of the kind {kind} see 3 bands, not {entry.bands}.")
    if kind == "colour":
        return Colour(entry)
    if kind == "structure":
        return Structure(entry)
    if kind == "joined":
        return _join(entry, runtime)
    if kind == "reduced":
        return _reduce(entry, runtime)
    if kind == "statistics":
        return _statistics(entry, runtime)
    if kind in _NETWORKS:
        return _NETWORKS[kind](entry, runtime)
    raise BadEncoder(f"{entry.folder} has the unknown kind {kind!r}; use {', '.join([*_COMPUTED, *_NETWORKS])}.")


def _join(entry: Entry, runtime: Runtime) -> Encoder:
    """The parts are other entries: of the store, or built in. An entry named twice is opened once."""
    parts = entry.config.get("parts")
    if not isinstance(parts, list) or not parts or not all(_is_part(part) for part in parts):
        raise BadEncoder(f'{entry.folder} joins nothing: give "parts", a list of {{"entry", "weight"}}.')
    found = {part["entry"]: _part(entry, part["entry"]) for part in parts}
    fingerprint = entries.combine([entry.fingerprint, *(part.fingerprint for part in found.values())])
    opened = {name: _open(part, runtime) for name, part in found.items()}
    joined = Entry(entry.folder, entry.config, fingerprint)
    given = [Part(opened[p["entry"]], float(p["weight"]), tuple(p.get("layers", ("",)))) for p in parts]
    return Joined(joined, given)


def _statistics(entry: Entry, runtime: Runtime) -> Encoder:
    network = _part(entry, str(entry.config.get("network")))
    if network.config["kind"] != "torchvision":
        raise BadEncoder(f"{entry.folder}: {network.config['name']} is not a network of torchvision's.")
    fingerprint = entries.combine([entry.fingerprint, network.fingerprint])
    return LayerStatistics(Entry(entry.folder, entry.config, fingerprint), network, runtime)


def _reduce(entry: Entry, runtime: Runtime) -> Encoder:
    part = _named(entry, str(entry.config.get("of")))
    if part.config["kind"] == "reduced":
        raise BadEncoder(f"{entry.folder}: {part.config['name']} is reduced itself; name what it is made of instead.")
    whole = _open(part, runtime)
    fingerprint = entries.combine([entry.fingerprint, whole.fingerprint])
    return Reduced(Entry(entry.folder, entry.config, fingerprint), whole)


def _is_part(given: object) -> bool:
    if not isinstance(given, dict):
        return False
    layers = given.get("layers", [""])
    named = isinstance(layers, list) and layers != [] and all(isinstance(layer, str) for layer in layers)
    return named and isinstance(given.get("entry"), str) and isinstance(given.get("weight"), int | float)


def _part(entry: Entry, name: str) -> Entry:
    part = _named(entry, name)
    if part.config["kind"] in ("joined", "reduced"):
        raise BadEncoder(f"{entry.folder}: {name} is {part.config['kind']} itself; name its parts instead.")
    return part


def _named(entry: Entry, name: str) -> Entry:
    if not re.fullmatch(r"[A-Za-z0-9_-]+(/[0-9]+)?", name):
        raise BadEncoder(f"{entry.folder}: a part must be the name of a store entry, not {name!r}.")
    return entries.read(_part_folder(entry.folder, name))


def _part_folder(folder: Path, name: str) -> Path:
    """Beside the entry, where a store is flat; built in; or in the store whose version `folder` is."""
    beside = folder.parent / name
    if (beside / entries.CONFIG).is_file() and "/" not in name:
        return beside
    if name in builtin():
        return builtin()[name]
    from ml.modelstore.listing import find  # which needs this package for what is built in

    try:
        return find(folder.parents[1], name).folder
    except NoSuchModel:
        return beside
