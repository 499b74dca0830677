"""Which tile server is asked, and how its addresses and our folders are written.

The address comes from GIBS_URL or from whoever sits at the command line, never from the web: a server that strangers
could name would let them look into the network this site runs in.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from search import grid, keys
from search.errors import BadQuery

EPSGS = {pyramid.epsg: pyramid for pyramid in grid.GRIDS.values()}
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}
CREDIT = (
    "We acknowledge the use of imagery provided by services from NASA's Global Imagery Browse Services (GIBS), part of "
    "NASA's Earth Science Data and Information System (ESDIS)."
)
_chosen: ContextVar[str] = ContextVar("endpoint", default="")


def current() -> str:
    """The server's address, without a slash at its end."""
    return _chosen.get() or checked(settings.GIBS_URL)


@contextmanager
def chosen(address: str) -> Iterator[None]:
    """Another server for the time being; "" leaves it as it is."""
    token = _chosen.set(checked(address) if address else _chosen.get())
    try:
        yield
    finally:
        _chosen.reset(token)


def checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadQuery(f"{address!r} is not a server's address: write https://gibs.earthdata.nasa.gov or the like.")
    return address.rstrip("/")


def host(address: str | None = None) -> str:
    """As folders write it: its name, and its port where that is not the usual one."""
    return re.sub(r"[^\w.-]", "_", urlsplit(address or current()).netloc.rpartition("@")[2])


def is_this_machine(address: str) -> bool:
    """Whether a server is on loopback: nobody else's line or rules are concerned."""
    name = urlsplit(address).hostname or ""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def home(address: str | None = None) -> Path:
    """Where everything of a server is kept."""
    return Path(settings.DATA_DIR) / "gibs" / host(address)


@dataclass(frozen=True)
class Source:
    """All that is needed to write a tile's address, but the server's; kept in Product.source["gibs"].

    time_of_day: "" or "12:00:00", of layers with several pictures a day.  colormap: JSON below the data folder, or "".
    """

    layer: str
    epsg: int
    matrix_set: str
    format: str
    dated: bool = True
    deepest: int = 0
    time_of_day: str = ""
    colormap: str = ""
    host: str = ""
    title: str = ""
    units: str = ""
    credit: str = CREDIT

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Source":
        """From Product.source["gibs"]; keys of a later version are passed over."""
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def grid(self) -> grid.Grid:
        return EPSGS[self.epsg]

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.format]

    @property
    def product_name(self) -> str:
        """The layer's id, with the time of day where there are several: a tile key knows days only (decision 005)."""
        clock = f"_T{self.time_of_day.replace(':', '')[:4]}" if self.time_of_day else ""
        return re.sub(r"[^\w-]", "-", self.layer)[: 80 - len(clock)] + clock

    def time(self, day: int) -> str:
        """A tile key's day as addresses write it; "" for layers without dates."""
        when = keys.date_of(day)
        if not self.dated or when is None:
            return ""
        return f"{when.isoformat()}T{self.time_of_day}Z" if self.time_of_day else when.isoformat()

    def url(self, time: str, level: int, row: int, col: int) -> str:
        """Row comes before column (GIBS API, "RESTful access")."""
        layer, dated = quote(self.layer, safe=""), f"{time}/" if time else ""
        place = f"{quote(self.matrix_set, safe='')}/{level}/{row}/{col}.{self.extension}"
        return f"{current()}/wmts/epsg{self.epsg}/best/{layer}/default/{dated}{place}"

    def folder(self, time: str) -> str:
        """Below the data folder: one per scene; levels are folders inside it, so no run takes another's resolution."""
        layer, matrix_set = re.sub(r"[^\w.-]", "-", self.layer), re.sub(r"[^\w.-]", "-", self.matrix_set)
        when = time.replace(":", "") or keys.STATIC
        return f"gibs/{self.host or host()}/epsg{self.epsg}/{layer}/{when}/{matrix_set}"

    def file(self, time: str, level: int, row: int, col: int) -> Path:
        return Path(settings.DATA_DIR) / self.folder(time) / f"{level}/{row}/{col}.{self.extension}"
