"""The collection with its pictures: a WebDataset tar, and a zip as torchvision's ImageFolder reads it.

A tile whose imagery is gone has none.
"""

import json
import tarfile
from collections.abc import Iterator

from labeling.exporting.collection import COLUMNS, Collection
from search.exporting import pictures
from search.exporting.pictures import FORM, Pictured
from search.exporting.streaming import Drain
from search.packing.shards import put

UNLABELLED = "unlabelled"  # the folder of tiles without a label


def with_pictures(collection: Collection) -> Iterator[Pictured]:
    return pictures.with_pictures(collection.rows(), collection.scene_of, collection.campaign.dataset)


def webdataset(collection: Collection) -> Iterator[bytes]:
    """<key>.jpg, <key>.json with all that is known, and <key>.cls, the number of its label among the answers."""
    numbers = {code: number for number, code in enumerate(collection.codes)}
    drain = Drain()
    with tarfile.open(fileobj=drain, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for row, image in with_pictures(collection):
            if image is None:
                continue
            about = json.dumps({**row, "key": str(row["key"])}, ensure_ascii=False, sort_keys=True)
            put(tar, f"{row['key']}.{FORM}", image)
            put(tar, f"{row['key']}.json", about.encode())
            if row["label"] is not None:
                put(tar, f"{row['key']}.cls", str(numbers[row["label"]]).encode())
            tar.members.clear()  # type: ignore[attr-defined]  # it would remember every file
            yield drain.taken()
    yield drain.taken()


def image_zip(collection: Collection) -> Iterator[bytes]:
    """<label>/<key>.jpg, one folder for each answer, and tiles.csv with all that is known of each."""
    return pictures.image_zip(with_pictures(collection), COLUMNS, lambda row: row["label"] or UNLABELLED)
