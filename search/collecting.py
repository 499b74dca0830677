"""Collections: named sets of tiles, made and changed. Their keys lie in a file each, ascending; a change is a new file.

Two people may change one at once: each change is made of what is there, and made again when somebody was faster.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction

from search import frames
from search import keys as tile_keys
from search.errors import BadCollection, NoSuchCollection, NoSuchTile, NotAllowed, NotIndexed
from search.models import Collection, Dataset

LONGEST = 80  # characters of a name
MOST = 50_000_000  # tiles: 400 MB of keys
ATTEMPTS = 20  # at a change, while others change it too
Keys = np.ndarray | Sequence[int]


def create(dataset: Dataset, name: str, keys: Keys, user: User | None, description: str = "") -> Collection:
    """BadCollection for a name that is taken or none, and for keys of another dataset. keys: in any order."""
    name = checked_name(name)
    held = checked_keys(dataset, keys)
    try:
        with transaction.atomic():
            made = Collection.objects.create(
                dataset=dataset, owner=user, name=name, description=description.strip()[:300]
            )
    except IntegrityError as error:
        raise BadCollection(f"{dataset.name} has a collection {name!r} already: choose another name.") from error
    return _replaced(made, lambda _: held)


def change(collection: Collection, add: Keys = (), remove: Keys = ()) -> Collection:
    """With `add`, then without `remove`; the row is as new. BadCollection for keys of another dataset."""
    more, fewer = (checked_keys(collection.dataset, some) for some in (add, remove))
    return _replaced(collection, lambda held: np.setdiff1d(np.union1d(held, more), fewer, assume_unique=True))


def rename(collection: Collection, name: str, description: str) -> Collection:
    collection.name, collection.description = checked_name(name), description.strip()[:300]
    try:
        with transaction.atomic():
            collection.save(update_fields=["name", "description", "changed_at"])
    except IntegrityError as error:
        collection.refresh_from_db()
        raise BadCollection(
            f"{collection.dataset.name} has a collection {name.strip()!r} already: choose another name."
        ) from error
    return collection


def delete(collection: Collection) -> None:
    folder = collection.folder
    collection.delete()
    for path in folder.glob("*.npy"):
        path.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()


def keys_of(collection: Collection) -> np.ndarray:
    """(count,) int64, ascending; as they are now, whatever this row was when it was read."""
    for _ in range(ATTEMPTS):
        if not collection.version:
            return np.empty(0, np.int64)
        try:
            found: np.ndarray = np.load(collection.folder / f"{collection.version}.npy", allow_pickle=False)
            return found
        except FileNotFoundError:
            before = collection.version
            collection.refresh_from_db()
            if collection.version == before:
                break
    raise BadCollection(f"The file with the tiles of {collection.name} is gone: delete it and make it anew.")


def named(dataset: Dataset, name: str) -> Collection:
    found = dataset.collections.filter(name=name.strip()).first()
    if found is None:
        known = ", ".join(dataset.collections.values_list("name", flat=True)[:20]) or "none yet"
        raise NoSuchCollection(f"{dataset.name} has no collection {name[:LONGEST]!r}. There are: {known}.")
    found.dataset = dataset
    return found


def check_may_change(collection: Collection, user: User | AnonymousUser) -> None:
    mine = user.is_authenticated and user.pk == collection.owner_id
    if not (mine or collection.dataset.may_manage(user)):
        raise NotAllowed(
            f"Only who made {collection.name}, or who manages {collection.dataset.name}, may change it. "
            "Make a collection of your own."
        )


def checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise BadCollection("Give the collection a name.")
    if len(name) > LONGEST:
        raise BadCollection(f"The name has {len(name)} characters; {LONGEST} are allowed.")
    if not name.isprintable():
        raise BadCollection("The name has characters that cannot be shown: write letters, digits and the like.")
    return name


def checked_keys(dataset: Dataset, keys: Keys) -> np.ndarray:
    """(n,) int64, ascending, each once; BadCollection for one that is not a tile key of the dataset."""
    found = np.asarray(keys, np.int64)
    if not (np.diff(found) > 0).all():
        found = np.unique(found)
    if len(found) > MOST:
        raise BadCollection(f"A collection holds {MOST:,} tiles at most, not {len(found):,}.")
    wrong = found[(found <= 0) | (tile_keys.part_of_many(found, "dataset") != dataset.number)]
    if len(wrong):
        raise BadCollection(f"{len(wrong):,} of the keys are not of {dataset.name}, such as {wrong[0]}.")
    return found


def existing(dataset: Dataset, keys: Keys) -> np.ndarray:
    """As `checked_keys`, of strangers' keys: BadCollection when one names no tile that is indexed or could be shown."""
    from search.describing import Describer  # which filters need, and they need this module

    found = checked_keys(dataset, keys)
    unknown = np.setdiff1d(found, indexed(dataset, found), assume_unique=True).tolist()
    describer = Describer(dataset)
    describer.look_up(map(tile_keys.unpack, unknown))
    for key in unknown:
        try:
            describer.tile(key)
        except NoSuchTile as error:
            raise BadCollection(f"There is no tile {key}: {error}") from error
    return found


def indexed(dataset: Dataset, found: np.ndarray) -> np.ndarray:
    """Those of the keys that finished shards have."""
    with suppress(NotIndexed):
        frame = frames.opened(dataset)
        return frame.keys[frame.rows_of(found)]
    return np.empty(0, np.int64)


def _replaced(collection: Collection, made: Callable[[np.ndarray], np.ndarray]) -> Collection:
    """With other keys: written beside the old ones, then pointed at, unless somebody was faster."""
    for _ in range(ATTEMPTS):
        before = collection.version
        held = made(keys_of(collection))
        version = _write(collection, held)
        mine = Collection.objects.filter(pk=collection.pk, version=before)
        if mine.update(version=version, count=len(held)):
            collection.refresh_from_db(fields=["version", "count"])
            collection.save(update_fields=["changed_at"])
            _forget(collection, before)
            return collection
        _forget(collection, version)
        collection.refresh_from_db()
    raise BadCollection(f"{collection.name} is being changed by many at once. Try again in a moment.")


def _write(collection: Collection, held: np.ndarray) -> str:
    version = secrets.token_hex(8)
    collection.folder.mkdir(parents=True, exist_ok=True)
    fresh = collection.folder / f"{version}.part"
    with fresh.open("wb") as file:
        np.save(file, held.astype("<i8", copy=False))
    fresh.replace(collection.folder / f"{version}.npy")
    return version


def _forget(collection: Collection, version: str) -> None:
    if version:
        (collection.folder / f"{version}.npy").unlink(missing_ok=True)
