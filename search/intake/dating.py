"""The day of a file: given, from a pattern of its name, from its metadata, or any date in its name."""

import re
from collections.abc import Mapping
from datetime import date, datetime

from search.errors import BadImagery

ANYWHERE = re.compile(r"(?<!\d)(19\d\d|20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
# Where products keep it: TIFF 6.0, GDAL's raster metadata, Sentinel, Landsat, MODIS, netCDF (ACDD), Planet, STAC.
KEYS = (
    "TIFFTAG_DATETIME", "ACQUISITIONDATETIME", "ACQUISITION_DATE", "DATE_ACQUIRED", "PRODUCT_START_TIME",
    "SENSING_TIME", "RANGEBEGINNINGDATE", "TIME_COVERAGE_START", "ACQUIRED", "DATETIME", "DATE",
)  # fmt: skip
_DIRECTIVES = {
    "Y": r"(?P<year>\d{4})", "y": r"(?P<short>\d{2})", "m": r"(?P<month>\d{2})", "d": r"(?P<day>\d{2})",
    "j": r"(?P<doy>\d{3})", "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}", "%": "%",
}  # fmt: skip
_LONGEST = 200  # characters of a pattern


def in_name(name: str) -> date | None:
    """2004-08-01, 20040801 or 2004_08_01 anywhere in a file's name."""
    match = ANYWHERE.search(name)
    return _date(*map(int, match.groups())) if match else None


def in_tags(tags: Mapping[str, str]) -> date | None:
    """From GDAL's metadata of a raster; the first of KEYS that holds a date."""
    upper = {key.upper().rsplit("#", 1)[-1]: value for key, value in tags.items()}
    return next((found for key in KEYS if (found := read(upper.get(key, "")))), None)


def read(text: str) -> date | None:
    """The date that a text begins with: "2004:08:01 12:00:00" (TIFF 6.0), ISO 8601, 20040801."""
    match = re.match(r"\s*\"?(\d{4})[:/-]?(\d\d)[:/-]?(\d\d)(?!\d)", str(text)) or re.match(
        r"\s*\"?(\d{4})(\d\d)(\d\d)T", str(text)
    )
    return _date(*map(int, match.groups())) if match else None


def pattern(text: str) -> re.Pattern[str]:
    """A date's place in a file name, as strptime writes it (S2_%Y%m%d, A%Y%j) or as a regular expression with groups
    named year, month and day, or doy.  Anything may stand around it.  BadImagery for what is neither.
    """
    if not text or len(text) > _LONGEST:
        raise BadImagery("Write how the date stands in the file names, for example S2_%Y%m%d.")
    try:
        return re.compile(text if "(?P<" in text else _from_directives(text))
    except re.error as error:
        raise BadImagery(f"{text!r} is no pattern of a file name ({error}): write for example S2_%Y%m%d.") from error


def _from_directives(text: str) -> str:
    parts = re.split(r"(%.)", text)
    unknown = [part for part in parts if part[:1] == "%" and part[1:] not in _DIRECTIVES]
    if unknown or not {"%Y", "%y"} & set(parts):
        raise BadImagery(f"{text!r} has no year, or a sign we don't know: use %Y or %y, %m, %d, %j, %H, %M, %S.")
    return "".join(_DIRECTIVES[part[1]] if part[:1] == "%" else re.escape(part) for part in parts)


def by_pattern(compiled: re.Pattern[str], name: str) -> date | None:
    """The date in a name, None when the name does not fit or there is no such day."""
    match = compiled.search(name)
    if match is None:
        return None
    found = {key: int(value) for key, value in match.groupdict().items() if value and value.isdigit()}
    year = found.get("year", 2000 + found["short"] - (100 if found["short"] > 68 else 0) if "short" in found else 0)
    if "doy" in found:
        return _parsed(f"{year:04d} {found['doy']:03d}")
    return _date(year, found.get("month", 1), found.get("day", 1))


def _parsed(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y %j").date()
    except ValueError:
        return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
