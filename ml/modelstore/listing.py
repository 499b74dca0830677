"""What is in the store, and finding one of it."""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ml import encoders
from ml.encoders import entry as entries
from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder, NoSuchModel, NoWeights
from ml.modelstore import standing
from ml.modelstore.names import CAMPAIGNS, NAME, VERSION, builtin, split
from ml.modelstore.standing import Standing

CARD = "card.json"
_COMPUTED = (
    "colour",
    "structure",
    "statistics",
    "joined",
    "reduced",
)  # whose dimension is known without building a network


@dataclass(frozen=True)
class Version:
    """An entry of the store. comes_with: part of Lookalike itself, always offered, never changed.

    config: encoder.json; card: card.json, {} where there is none or it cannot be read.
    """

    name: str
    version: str
    folder: Path
    comes_with: bool = False
    promoted: bool = False
    retired: bool = False

    @property
    def reference(self) -> str:
        return self.name if self.comes_with else f"{self.name}/{self.version}"

    @cached_property
    def config(self) -> dict[str, Any]:
        return _read(self.folder / CONFIG)

    @cached_property
    def card(self) -> dict[str, Any]:
        return _read(self.folder / CARD)

    @property
    def kind(self) -> str:
        return str(self.config.get("kind", ""))

    @property
    def bands(self) -> int:
        given = self.config.get("bands", 3)
        return given if isinstance(given, int) else 3

    @cached_property
    def dim(self) -> int | None:
        """As encoder.json says, or as its parts add up to; None where the network would have to be built to know."""
        declared = self.config.get("dim")
        if isinstance(declared, int) or self.kind not in _COMPUTED:
            return declared if isinstance(declared, int) else None
        return _added_up(self.folder, (self.folder / CONFIG).stat().st_mtime_ns)

    @property
    def licence(self) -> str:
        return str(self.config.get("licence", ""))

    @cached_property
    def fingerprint(self) -> str:
        """Reads every byte of the weights; raises BadEncoder when the entry cannot be used."""
        return entries.read(self.folder).fingerprint

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    @property
    def published(self) -> float:
        """When its checksums were written, in seconds since the epoch."""
        return (self.folder / CONFIG).stat().st_mtime


def listed(models: Path, *, retired: bool = True) -> list[Version]:
    """What comes with Lookalike, then the store's own by name, newest first; other folders are passed over."""
    homes = sorted(path for path in models.iterdir() if _is_name(path.name)) if models.is_dir() else []
    own = [version for home in homes for version in versions(models, home.name)]
    return [*_builtins(), *(version for version in own if retired or not version.retired)]


def versions(models: Path, name: str) -> list[Version]:
    """Of one name in the store, newest first; empty when there are none."""
    home = models / name
    if not home.is_dir():
        return []
    found = [path for path in home.iterdir() if VERSION.fullmatch(path.name) and (path / CONFIG).is_file()]
    state = standing.read(home)
    return [_version(path, state) for path in sorted(found, key=lambda path: -int(path.name))]


def find(models: Path, reference: str) -> Version:
    """ "name/version", or "name": what comes with Lookalike, else the promoted version, else the newest not retired.

    Raises NoSuchModel.
    """
    name, version = split(reference)
    if name in builtin():
        return _one(_builtins(), name, version)
    known = versions(models, name) if _is_name(name) else []
    if not known:
        raise NoSuchModel(f"There is no encoder {name!r} in the store {models}: use {_names(models)}.")
    if version is None:
        return _offered(known)
    return _one(known, name, version)


@lru_cache(maxsize=256)
def _added_up(folder: Path, changed: int) -> int | None:
    try:
        return encoders.load(folder).dim
    except (BadEncoder, NoWeights):
        return None


def _one(known: list[Version], name: str, version: str | None) -> Version:
    of_name = [one for one in known if one.name == name]
    found = next((one for one in of_name if version in (None, one.version)), None)
    if found is None:
        raise NoSuchModel(f"{name} has no version {version}, only {', '.join(one.version for one in of_name)}.")
    return found


def _offered(known: list[Version]) -> Version:
    offered = [one for one in known if not one.retired]
    if not offered:
        raise NoSuchModel(f"All versions of {known[0].name} are retired: name one of them, {known[0].reference}.")
    return next((one for one in offered if one.promoted), offered[0])


def _builtins() -> list[Version]:
    found = ((name, folder, _read(folder / CONFIG)) for name, folder in builtin().items())
    return [Version(name, str(config.get("version", "1")), folder, comes_with=True) for name, folder, config in found]


def _version(folder: Path, state: Standing) -> Version:
    version = folder.name
    return Version(
        folder.parent.name, version, folder, promoted=state.promoted == version, retired=version in state.retired
    )


def _is_name(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and not name.startswith(CAMPAIGNS)


def _names(models: Path) -> str:
    return ", ".join(dict.fromkeys(version.name for version in listed(models, retired=False)))


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
