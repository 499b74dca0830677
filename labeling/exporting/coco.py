"""The collection as COCO (https://cocodataset.org/#format-data), image by image.

A tile is an image. Its label is an annotation whose box is the whole image, so that programs made for boxes read it
too; a tile without a label has none. Everything else that is known of a tile lies in its image.
"""

import json
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from labeling.exporting.collection import Collection
from search.exporting.pictures import FORM, side
from search.exporting.rows import Row

COPY = 1 << 16  # characters


def coco(collection: Collection) -> Iterator[str]:
    """Images as they are read; annotations wait in a file on disk until the images are through."""
    campaign, pixels = collection.campaign, side(collection.campaign.dataset)
    info = {"description": campaign.question, "version": collection.sweep.version if collection.sweep else "labels"}
    categories = [{"id": i, "name": code, "supercategory": ""} for i, code in enumerate(collection.codes, 1)]
    numbers = {code: number for number, code in enumerate(collection.codes, 1)}
    yield f'{{"info": {json.dumps(info)},\n"categories": {json.dumps(categories)},\n"images": ['
    with tempfile.TemporaryFile("w+", encoding="utf-8") as waiting:
        annotations = 0
        for number, row in enumerate(collection.rows(), 1):
            yield (",\n" if number > 1 else "\n") + json.dumps(image(number, row, pixels))
            if row["label"] is not None:
                annotations += 1
                said = annotation(annotations, number, numbers[row["label"]], pixels)
                waiting.write((",\n" if annotations > 1 else "\n") + json.dumps(said))
        yield '\n],\n"annotations": ['
        yield from again(waiting)
    yield "\n]}\n"


def again(file: IO[str]) -> Iterator[str]:
    file.seek(0)
    while some := file.read(COPY):
        yield some


def image(number: int, row: Row, pixels: int) -> dict[str, Any]:
    """file_name: as the image zip and the tar have it, without their folders."""
    known = {name: value for name, value in row.items() if value not in (None, "")}
    return {
        **known, "id": number, "key": str(row["key"]), "file_name": f"{row['key']}.{FORM}", "width": pixels,
        "height": pixels, "coco_url": row["image"], "date_captured": row["date"],
    }  # fmt: skip


def annotation(number: int, image_number: int, category: int, pixels: int) -> dict[str, Any]:
    return {
        "id": number, "image_id": image_number, "category_id": category, "bbox": [0, 0, pixels, pixels],
        "area": pixels * pixels, "segmentation": [], "iscrowd": 0,
    }  # fmt: skip
