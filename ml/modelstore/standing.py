"""store.json beside the versions of a name: which one is promoted, which are retired."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder, NoSuchModel
from ml.modelstore import checksums
from ml.modelstore.names import builtin, split
from ml.shards.files import write_json

FILE, LOCK = "store.json", ".lock"


@dataclass
class Standing:
    """last: the highest version that was ever given, so that none is given twice."""

    promoted: str | None = None
    retired: list[str] = field(default_factory=list)
    last: int = 0


def read(home: Path) -> Standing:
    """Of the name whose folder is `home`; one that was damaged counts as empty, since the versions are what matters."""
    try:
        told = json.loads((home / FILE).read_bytes())
        promoted = told.get("promoted")
        retired = [str(version) for version in told.get("retired") or []]
        return Standing(str(promoted) if promoted else None, retired, int(told.get("last") or 0))
    except (OSError, ValueError, TypeError, AttributeError):
        return Standing()


@contextmanager
def changing(home: Path) -> Iterator[Standing]:
    """Hold the name alone, and write what the block made of its standing. Waits for other processes."""
    with (home / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        standing = read(home)
        before = asdict(standing)
        yield standing
        if asdict(standing) != before:
            write_json(home / FILE, asdict(standing))


def promote(models: Path, reference: str) -> None:
    """The version that the bare name means from now on.

    Raises NoSuchModel, BadEncoder for one that is retired, DamagedModel for one that is not what was published.
    """
    home, version = _own(models, reference)
    if (home / version / checksums.FILE).is_file():
        checksums.verify(home / version)
    with changing(home) as standing:
        if version in standing.retired:
            raise BadEncoder(f"{reference} is retired: bring it back first (unretire), or promote another version.")
        standing.promoted = version


def retire(models: Path, reference: str) -> None:
    """Offer the version no longer; what uses it goes on working. A promoted one stops being promoted."""
    home, version = _own(models, reference)
    with changing(home) as standing:
        standing.retired = sorted({*standing.retired, version}, key=int)
        standing.promoted = None if standing.promoted == version else standing.promoted


def unretire(models: Path, reference: str) -> None:
    home, version = _own(models, reference)
    with changing(home) as standing:
        standing.retired = [one for one in standing.retired if one != version]


def _own(models: Path, reference: str) -> tuple[Path, str]:
    """The folder of the name and the version; raises BadEncoder for what comes with Lookalike, and NoSuchModel."""
    name, version = split(reference)
    if name in builtin():
        raise BadEncoder(f"{name} comes with Lookalike: it is always offered, and cannot be promoted or retired.")
    if version is None:
        raise NoSuchModel(f"Say which version of {name}: {name}/1, for example.")
    if not (models / name / version / CONFIG).is_file():
        raise NoSuchModel(f"There is no {reference} in the store: python -m ml.modelstore list shows what there is.")
    return models / name, version
