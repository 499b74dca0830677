"""How files are to be brought in, as the command line and the recipe of an import say it."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils.text import slugify

from ml.encoders import DEFAULT
from search import grid
from search.errors import BadImagery
from search.intake import dating
from search.intake.framing import Framing
from search.intake.stretching import Stretching
from search.models import Dataset, Engine


@dataclass(frozen=True)
class Options:
    """How to bring files in. The recipe of an import holds the same, as `recipes` say (search/imports/files.py)."""

    slug: str
    name: str = ""
    kind: str = ""  # "" decides by the first file
    product: str = "images"
    title: str = ""
    credit: str = ""
    day: date | None = None  # None: from the list or STAC item, the name's pattern, any date in the name, the tags
    date_pattern: str = ""  # of file names, see intake.dating
    levels: tuple[int, ...] = ()  # (): what the dataset wants, else what the resolution allows
    encoder: str = DEFAULT
    engine: str = Engine.ANNOY  # of a new dataset
    public: bool = False
    owner_id: int | None = None
    bands: tuple[int, ...] = ()  # one or three, from 1; (): the first three, or the first
    stretch: Stretching = field(default_factory=Stretching)
    nodata: float | None = None  # None: what each file says
    convert: bool = False  # copy rasters into the data folder as COGs
    framing: Framing = field(default_factory=Framing)  # which frames of videos become pictures
    mask_of: str = ""  # the product of the dataset whose clouds these files show, see imagery.masks
    footprints: Path | None = None  # a STAC item or a GeoJSON FeatureCollection that names files
    tms: str = grid.GEOGRAPHIC.id  # of a new dataset, as the three below
    offset_grid: bool = False
    edges: str = Dataset.Edges.INCLUDE
    min_valid: float = 0.0

    def checked(self) -> "Options":
        """BadImagery with what to change."""
        if len(self.bands) not in (0, 1, 3) or any(band < 1 for band in self.bands):
            raise BadImagery("Choose one band (drawn grey) or three (drawn red, green, blue), counted from 1.")
        if self.tms not in grid.GRIDS:
            raise BadImagery(f"There is no grid {self.tms!r}: use {', '.join(grid.GRIDS)}.")
        if not 0 <= self.min_valid <= 1:
            raise BadImagery("The least valid share of a tile is a number from 0 to 1.")
        if self.date_pattern:
            dating.pattern(self.date_pattern)
        self.stretch.checked()
        self.framing.checked()
        return self


def short_name(options: Options) -> str:
    slug = slugify(options.slug)
    if not slug:
        raise BadImagery(f"{options.slug!r} cannot be a dataset's short name: use letters, digits and hyphens.")
    return slug


def product_name(options: Options) -> str:
    return options.product if re.fullmatch(r"[\w-]+", options.product) else slugify(options.product)


def home_of(options: Options) -> Path:
    """Where what the dataset keeps of its own lies."""
    return Path(settings.DATA_DIR) / "imagery" / short_name(options)
