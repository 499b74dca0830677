"""What a file is, by its first bytes: names lie, and GDAL would follow a file that names other files or addresses."""

from pathlib import Path

from search.errors import BadImagery

# Formats that hold their own pixels; GDAL is told to open a file as what it is, and as nothing else.
DRIVERS = {
    b"II*\0": "GTiff", b"MM\0*": "GTiff", b"II+\0": "GTiff", b"MM\0+": "GTiff",
    b"\0\0\0\x0cjP  ": "JP2OpenJPEG", b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG",
}  # fmt: skip
NAMES = {
    ".tif": ("GTiff",), ".tiff": ("GTiff",), ".jp2": ("JP2OpenJPEG",), ".j2k": ("JP2OpenJPEG",),
    ".png": ("PNG",), ".jpg": ("JPEG",), ".jpeg": ("JPEG",), ".webp": ("WEBP",),
}  # fmt: skip
OTHERS = [
    (b"PK\x03\x04", "a zip"), (b"\x1f\x8b", "a gzip file"), (b"%PDF", "a PDF"), (b"<!doctype html", "a web page"),
    (b"<html", "a web page"), (b"<vrtdataset", "a VRT, which only names other files"), (b"<?xml", "an XML document"),
    (b"{", "a JSON text"), (b"GIF8", "a GIF"), (b"CDF", "a netCDF file"), (b"\x89HDF", "an HDF5 file"),
]  # fmt: skip
_LOOK = 1024  # bytes


def driver_of(path: Path) -> str | None:
    """GDAL's driver for what the file holds; None for a format that we don't know by its first bytes."""
    start = beginning(path)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    return next((driver for magic, driver in DRIVERS.items() if start.startswith(magic)), None)


def beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LOOK)


def looks_like(path: Path) -> str:
    """In words, for a message."""
    start = beginning(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return "an empty file"
    driver = driver_of(path)
    if driver:
        return {"GTiff": "a TIFF", "JP2OpenJPEG": "a JPEG 2000", "WEBP": "a WebP"}.get(driver, f"a {driver}")
    found = (words for magic, words in OTHERS if start[: len(magic)].lower() == magic.lower())
    return next(found, "something else")


def check(path: Path, *, trusted: bool) -> str | None:
    """GDAL's driver to open the file with, None for whichever fits; BadImagery for a file that is not what it says.

    trusted: the person at the command line named it. Of what comes from elsewhere only formats that hold their own
    pixels are opened: a VRT, for one, may name any file of this machine.
    """
    driver = driver_of(path)
    if driver is None and (path.suffix.lower() in NAMES or not trusted):
        raise BadImagery(f"{path.name} is not an image that can be read: it is {looks_like(path)}. {advice(path)}")
    return driver


def advice(path: Path) -> str:
    if path.suffix.lower() in NAMES:
        return "Save it again as an image, or fetch it again."
    return "Give GeoTIFF or JPEG 2000, which hold their own pixels (gdal_translate makes a GeoTIFF of nearly anything)."
