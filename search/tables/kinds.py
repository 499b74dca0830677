"""What a column of texts holds: numbers, dates or texts, and the reading of each.

A column is of numbers when every cell that says something is one: 12, -0.5, 1e-3; 0,5 too where commas do not part the
cells. 007 and 1.000,5 are texts. Dates are those of ISO 8601: 2004-08-01, 2004/08/01 12:30, 2004-08-01T12:30:00Z;
1/8/2004 is a text, since nobody can tell its day from its month.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NUMBER, TEXT, DATE = "number", "text", "date"
TYPES = {NUMBER: pa.float64(), TEXT: pa.string(), DATE: pa.timestamp("us")}
UNKNOWN = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "-", "–")
LONGEST = 1000  # characters of a text that are kept
_INTEGER = r"[+-]?(0|[1-9][0-9]*)"
PLAIN = rf"^({_INTEGER}(\.[0-9]*)?|[+-]?\.[0-9]+)([eE][+-]?[0-9]+)?$"
COMMA = rf"^({_INTEGER}(,[0-9]*)?|[+-]?,[0-9]+)([eE][+-]?[0-9]+)?$"
ISO = (
    r"^[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_UNSAFE = re.compile(r"[^\w .()+-]")
MICROSECONDS_A_DAY = 86_400_000_000


def safe_name(title: str) -> str:
    """The name under which filters ask for a column: without signs that addresses give a meaning to."""
    return _UNSAFE.sub("_", title).strip(" .")[:80] or "_"


class Guess:
    """A column's kind, from its cells as they come by.  commas: whether 0,5 may be a number."""

    def __init__(self, *, commas: bool = False) -> None:
        self._fits = {PLAIN: True, ISO: True, COMMA: commas}
        self._said = False

    def look(self, cells: pa.Array) -> None:
        """cells: (n,) strings without blanks around them."""
        said = spoken(cells)
        self._said |= len(said) > 0
        for pattern, fits in self._fits.items():
            self._fits[pattern] = fits and bool(pc.all(pc.match_substring_regex(said, pattern)).as_py() is not False)

    @property
    def kind(self) -> str:
        if not self._said:
            return TEXT
        return NUMBER if self._fits[PLAIN] or self._fits[COMMA] else DATE if self._fits[ISO] else TEXT

    @property
    def has_commas(self) -> bool:
        return self._said and self._fits[COMMA] and not self._fits[PLAIN]


def spoken(cells: pa.Array) -> pa.Array:
    """The cells that say something."""
    return cells.filter(pc.and_(cells.is_valid(), pc.invert(pc.is_in(cells, value_set=pa.array(UNKNOWN)))))


def read(cells: pa.Array, kind: str, *, commas: bool = False) -> pa.Array:
    """(n,) of strings or of Parquet's own types -> (n,) of TYPES[kind]; null where nothing is said, or no number is."""
    if kind == TEXT:
        return texts(cells)
    if not pa.types.is_string(cells.type):
        return numbers(cells.cast(pa.float64(), safe=False)) if kind == NUMBER else instants(cells)
    silent = pc.is_in(cells, value_set=pa.array(UNKNOWN))
    said = pc.if_else(silent, pa.scalar(None, pa.string()), cells)
    if kind == DATE:
        return dates(said)
    return numbers(pc.cast(pc.replace_substring(said, ",", ".") if commas else said, pa.float64()))


def numbers(cells: pa.Array) -> pa.Array:
    """Infinity and what is no number say nothing."""
    return pc.if_else(pc.is_finite(cells), cells, pa.scalar(None, pa.float64()))


def texts(cells: pa.Array) -> pa.Array:
    plain = cells.cast(pa.string())
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), pc.utf8_slice_codeunits(plain, 0, LONGEST))


def instants(cells: pa.Array) -> pa.Array:
    """Parquet's dates and times, in UTC where they have a zone."""
    return cells.cast(pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False).cast(pa.timestamp("us"))


def dates(cells: pa.Array) -> pa.Array:
    """Each different text is read once. The 31st of February says nothing."""
    coded = cells.dictionary_encode()
    known = pa.array([instant(text) for text in coded.dictionary.to_pylist()], pa.timestamp("us"))
    return known.take(coded.indices)


def instant(text: str) -> datetime | None:
    """In UTC, without saying so; None for a day or an hour that there is not."""
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def days(cells: pa.ChunkedArray) -> np.ndarray:
    """Timestamps -> (n,) float64 days since 1970-01-01, NaN for null."""
    parts = [part.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64) for part in cells.chunks]
    return np.concatenate([np.empty(0), *parts]) / MICROSECONDS_A_DAY


def of_type(kind: pa.DataType) -> str | None:
    """Of a Parquet column; None for what is neither number, date nor text."""
    if pa.types.is_dictionary(kind):
        return of_type(kind.value_type)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return NUMBER
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return DATE
    return TEXT if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind) else None


def guessed(columns: Sequence[pa.Array]) -> str:
    """The kind of one column that lies in pieces."""
    guess = Guess()
    for cells in columns:
        guess.look(cells)
    return guess.kind
