"""What the tests' tile server has, and its documents: WMTS capabilities, lists of dates, colour maps."""

import math
import re
from dataclasses import dataclass

import numpy as np

EARTH = 20037508.342789244
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMES = ('xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" '
         'xmlns:xlink="http://www.w3.org/1999/xlink"')  # fmt: skip
ROLE = "http://earthdata.nasa.gov/gibs/metadata-type/colormap"
KELVIN = [(180 + step, 181 + step) for step in range(150)]  # what each colour of the temperature layer stands for


@dataclass(frozen=True)
class Pyramid:
    """span: of a level-0 tile, in units of the projection."""

    left: float
    top: float
    span: float
    size: int
    width: float
    height: float
    sets: dict[str, int]  # tile matrix set -> levels
    crs: str
    metres: float

    def columns(self, level: int) -> int:
        return math.ceil(self.width / (self.span / 2**level) - 1e-9)

    def rows(self, level: int) -> int:
        return math.ceil(self.height / (self.span / 2**level) - 1e-9)


SETS = {"2km": 6, "1km": 7, "500m": 8, "250m": 9, "31.25m": 12}
POLAR_SETS = {"2km": 3, "1km": 4, "500m": 5, "250m": 6}
MERCATOR_SETS = {f"GoogleMapsCompatible_Level{level}": level + 1 for level in (6, 7, 8, 9, 12)}
CRS = "urn:ogc:def:crs:EPSG::{}"
PYRAMIDS = {
    4326: Pyramid(-180, 90, 288, 512, 360, 180, SETS, "urn:ogc:def:crs:OGC:1.3:CRS84", 111319.49079327357),
    3857: Pyramid(-EARTH, EARTH, 2 * EARTH, 256, 2 * EARTH, 2 * EARTH, MERCATOR_SETS, CRS.format(3857), 1),
    3413: Pyramid(-4194304, 4194304, 4194304, 512, 8388608, 8388608, POLAR_SETS, CRS.format(3413), 1),
    3031: Pyramid(-4194304, 4194304, 4194304, 512, 8388608, 8388608, POLAR_SETS, CRS.format(3031), 1),
}


@dataclass(frozen=True)
class Served:
    """kilometre: its tile matrix sets' name in EPSG:4326.  dates: as capabilities write them; () for no time."""

    title: str
    kilometre: str = "250m"
    ext: str = "jpg"
    dates: tuple[str, ...] = ("2000-02-24/2026-11-22/P1D",)
    gaps: bool = False  # black swaths between the tracks, as MODIS leaves them near the equator
    colormap: bool = False
    projections: tuple[int, ...] = (4326, 3857, 3413, 3031)
    all_dates: tuple[str, ...] = ()  # when the capabilities list only the latest

    @property
    def dated(self) -> bool:
        return bool(self.dates)

    def set_of(self, epsg: int) -> str:
        levels = {"2km": 6, "1km": 7, "500m": 8, "250m": 9, "31.25m": 12}[self.kilometre]
        return f"GoogleMapsCompatible_Level{levels}" if epsg == 3857 else self.kilometre

    def has(self, epsg: int, matrix_set: str, level: int, row: int, col: int, ext: str) -> bool:
        pyramid = PYRAMIDS.get(epsg)
        if pyramid is None or epsg not in self.projections or ext != self.ext or matrix_set != self.set_of(epsg):
            return False
        return level < pyramid.sets[matrix_set] and row < pyramid.rows(level) and col < pyramid.columns(level)

    def drawn(self, rgb: np.ndarray, time: str, row: int, col: int) -> np.ndarray:
        """The layer's own look at a tile of Blue Marble."""
        if self.colormap:
            return coloured(rgb)
        if self.gaps and (sum(map(ord, time)) + col) % 5 == 0:
            rgb = rgb.copy()
            rgb[:, : rgb.shape[1] // 4] = 0
        return rgb


LAYERS = {
    "MODIS_Terra_CorrectedReflectance_TrueColor": Served("Corrected Reflectance (True Color, MODIS, Terra)", gaps=True),
    "MODIS_Aqua_CorrectedReflectance_TrueColor": Served(
        "Corrected Reflectance (True Color, MODIS, Aqua)", gaps=True, dates=("2002-07-03/2026-11-22/P1D",)
    ),
    "MODIS_Terra_CorrectedReflectance_Bands721": Served("Corrected Reflectance (Bands 7-2-1, MODIS, Terra)", gaps=True),
    "VIIRS_SNPP_CorrectedReflectance_TrueColor": Served(
        "Corrected Reflectance (True Color, VIIRS, SNPP)",
        dates=("2004-01-01/2004-12-31/P1D", "2012-05-08/2013-06-30/P1D", "2013-07-05/2026-11-22/P1D"),
    ),
    "VIIRS_NOAA20_CorrectedReflectance_TrueColor": Served("Corrected Reflectance (True Color, VIIRS, NOAA-20)"),
    "MODIS_Terra_Brightness_Temp_Band31_Day": Served(
        "Brightness Temperature (Band 31, Day, MODIS, Terra)", "1km", "png", colormap=True
    ),
    "MODIS_Terra_NDVI_8Day": Served(
        "Vegetation Index (8-Day, MODIS, Terra)", "1km", "png", ("2004-01-01/2004-12-26/P8D",), colormap=True
    ),
    "Landsat_Many_Dates": Served(
        "Landsat with more dates than the capabilities list",
        dates=tuple(f"20{10 + i // 12}-{i % 12 + 1:02d}-05" for i in range(60, 160)),
        all_dates=tuple(f"20{10 + i // 12}-{i % 12 + 1:02d}-05" for i in range(160)),
    ),
    "GOES-East_ABI_GeoColor": Served("GeoColor (GOES-East)", "1km", "png",
                                     ("2024-03-01T00:00:00Z/2026-11-22T23:50:00Z/PT10M",)),
    "BlueMarble_NextGeneration": Served("Blue Marble", "500m", dates=()),
}  # fmt: skip


def coloured(rgb: np.ndarray) -> np.ndarray:
    """Dark is cold: (h, w, 3) -> (h, w, 4) uint8 colours of the map; what is black is see-through."""
    grey = rgb.astype(np.uint16).sum(axis=2)
    step = np.minimum(grey * len(KELVIN) // 766, len(KELVIN) - 1)
    table = np.array([colour(i) for i in range(len(KELVIN))], np.uint8)
    return np.dstack([table[step], np.where(grey == 0, 0, 255).astype(np.uint8)])


def colour(step: int) -> tuple[int, int, int]:
    return step, 255 - step, (step * 7) % 256


def document(path: str) -> bytes | None:
    if match := re.fullmatch(r"/wmts/epsg(\d+)/best/1\.0\.0/WMTSCapabilities\.xml", path):
        return capabilities(int(match[1])).encode() if int(match[1]) in PYRAMIDS else None
    if match := re.fullmatch(r"/wmts/epsg\d+/best/1\.0\.0/([\w.-]+)/default/[\w.]+/all/[\d-]+--[\d-]+\.xml", path):
        return domains(LAYERS[match[1]]).encode() if match[1] in LAYERS else None
    if match := re.fullmatch(r"/colormaps/v1\.3/([\w.-]+)\.xml", path):
        return colormap().encode() if match[1] in LAYERS and LAYERS[match[1]].colormap else None
    return None


def capabilities(epsg: int) -> str:
    layers = "".join(_layer(name, layer, epsg) for name, layer in LAYERS.items() if epsg in layer.projections)
    sets = "".join(_set(name, levels, PYRAMIDS[epsg]) for name, levels in PYRAMIDS[epsg].sets.items())
    vector = ("<Layer><ows:Title>Fires</ows:Title><ows:Identifier>VIIRS_Fires</ows:Identifier>"
              "<Format>application/vnd.mapbox-vector-tile</Format><TileMatrixSetLink><TileMatrixSet>250m</TileMatrixSet>"
              "</TileMatrixSetLink></Layer>")  # fmt: skip
    return f'{HEAD}<Capabilities {NAMES} version="1.0.0"><Contents>{layers}{vector}{sets}</Contents></Capabilities>'


def _layer(name: str, layer: Served, epsg: int) -> str:
    kind, matrix_set = {"jpg": "image/jpeg", "png": "image/png"}[layer.ext], layer.set_of(epsg)
    time = (
        "<Dimension><ows:Identifier>Time</ows:Identifier><ows:UOM>ISO8601</ows:UOM>"
        f"<Default>{re.split('[,/]', layer.dates[-1])[-1][:10]}</Default><Current>false</Current>"
        + "".join(f"<Value>{value}</Value>" for value in layer.dates) + "</Dimension>"
    ) if layer.dated else ""  # fmt: skip
    metadata = "".join(
        f'<ows:Metadata xlink:type="simple" xlink:role="{ROLE}{role}" '
        f'xlink:href="https://gibs.earthdata.nasa.gov/colormaps/v{version}/{name}.xml"/>'
        for role, version in (("", "1.3"), ("/1.0", "1.0"), ("/1.3", "1.3")) if layer.colormap
    )  # fmt: skip
    return (
        f'<Layer><ows:Title xml:lang="en">{layer.title}</ows:Title>'
        '<ows:WGS84BoundingBox crs="urn:ogc:def:crs:OGC:2:84"><ows:LowerCorner>-180 -90</ows:LowerCorner>'
        "<ows:UpperCorner>180 90</ows:UpperCorner></ows:WGS84BoundingBox>"
        f'<ows:Identifier>{name}</ows:Identifier>{metadata}<Style isDefault="true"><ows:Title xml:lang="en">default'
        "</ows:Title><ows:Identifier>default</ows:Identifier>"
        f'<LegendURL format="image/svg+xml" xlink:href="https://gibs.earthdata.nasa.gov/legends/{name}_H.svg"/></Style>'
        f"<Format>{kind}</Format>{time}<TileMatrixSetLink><TileMatrixSet>{matrix_set}</TileMatrixSet>"
        f'</TileMatrixSetLink><ResourceURL format="{kind}" resourceType="tile" template="https://gibs.earthdata.nasa.gov'
        f"/wmts/epsg{epsg}/best/{name}/default/{{Time}}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}."
        f'{layer.ext}"/></Layer>'
    )


def _set(name: str, levels: int, pyramid: Pyramid) -> str:
    matrices = "".join(
        f"<TileMatrix><ows:Identifier>{level}</ows:Identifier><ScaleDenominator>"
        f"{pyramid.span / 2**level / pyramid.size * pyramid.metres / 0.00028}</ScaleDenominator>"
        f"<TopLeftCorner>{pyramid.left} {pyramid.top}</TopLeftCorner><TileWidth>{pyramid.size}</TileWidth>"
        f"<TileHeight>{pyramid.size}</TileHeight><MatrixWidth>{pyramid.columns(level)}</MatrixWidth>"
        f"<MatrixHeight>{pyramid.rows(level)}</MatrixHeight></TileMatrix>"
        for level in range(levels)
    )
    return (f"<TileMatrixSet><ows:Identifier>{name}</ows:Identifier><ows:SupportedCRS>{pyramid.crs}</ows:SupportedCRS>"
            f"{matrices}</TileMatrixSet>")  # fmt: skip


def domains(layer: Served) -> str:
    dates = ",".join(layer.all_dates or layer.dates)
    return (
        f'{HEAD}<Domains xmlns="http://demo.geo-solutions.it/share/wmts-multidim/wmts_multi_dimensional.xsd" '
        'xmlns:ows="http://www.opengis.net/ows/1.1"><DimensionDomain><ows:Identifier>time</ows:Identifier>'
        f"<Domain>{dates}</Domain><Size>{dates.count(',') + 1}</Size></DimensionDomain></Domains>"
    )


def colormap() -> str:
    entries = "".join(
        f'<ColorMapEntry rgb="{",".join(map(str, colour(i)))}" transparent="false" sourceValue="[{low},{high})" '
        f'value="[{low}.0,{high}.0)" ref="{i + 1}"/>'
        for i, (low, high) in enumerate(KELVIN)
    )
    return (
        f'{HEAD}<ColorMaps><ColorMap title="Brightness Temperature" units="K"><Entries minLabel="180" maxLabel="330">'
        f'{entries}</Entries></ColorMap><ColorMap title="No Data"><Entries>'
        '<ColorMapEntry rgb="0,0,0" transparent="true" nodata="true" ref="0"/></Entries></ColorMap></ColorMaps>'
    )
