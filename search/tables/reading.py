"""A CSV or Parquet file read piece by piece, whatever its delimiter and encoding; never whole in memory."""

import codecs
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from search.errors import BadTable
from search.tables import kinds

MOST_ROWS = 10_000_000
MOST_BYTES = 8 * 2**30
DELIMITERS = (",", ";", "\t", "|")
BLOCK = 4 * 2**20  # bytes of CSV parsed at a time; no row may be longer
ROWS = 1 << 16  # of Parquet, read at a time
_START = 2**16  # bytes in which the first line must end
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
Batches = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Source:
    """names: of all columns, in order; kinds: of those that can be brought in; commas: those that write 0,5.

    batches() begins anew each time. Cells of CSV are strings without blanks around them.
    """

    name: str
    names: list[str]
    kinds: dict[str, str]
    batches: Batches
    commas: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)


def opened(path: Path, name: str = "", *, delimiter: str = "", encoding: str = "") -> Source:
    """name: of the file, for people.  delimiter, encoding: found out where they are not given.  Raises BadTable."""
    name = name or path.name
    size = path.stat().st_size
    if not size:
        raise BadTable(f"{name} is empty: save the table again.")
    if size > MOST_BYTES:
        raise BadTable(f"{name} has {size / 2**30:.1f} GB; {MOST_BYTES / 2**30:.0f} GB are allowed. Leave columns out.")
    with path.open("rb") as file:
        start = file.read(_START)
    try:
        if start.startswith(b"PAR1"):
            return of_parquet(path, name)
        return of_csv(path, name, start, delimiter, encoding)
    except pa.ArrowException as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: Exception) -> BadTable:
    why = str(error).splitlines()[0][:300]
    return BadTable(f"{name} is not a table that can be read: {why.rstrip('.')}. Save it again as CSV or Parquet.")


def of_parquet(path: Path, name: str) -> Source:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
    found = {one.name: kind for one in schema if (kind := kinds.of_type(one.type))}
    other = [one for one in schema.names if one not in found]
    notes = [f"Left out, as neither numbers, texts nor dates: {', '.join(other)[:300]}."] if other else []

    def batches() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS, columns=list(found)):
                yield plain(batch)

    return Source(name, list(schema.names), found, batches, notes=notes)


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts as strings, whether they came as such, as large ones or as codes."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column for column in batch
    ]
    texts = [column.cast(pa.string()) if kinds.of_type(column.type) == kinds.TEXT else column for column in columns]
    return pa.RecordBatch.from_arrays(texts, batch.schema.names)


def of_csv(path: Path, name: str, start: bytes, delimiter: str, encoding: str) -> Source:
    """The whole file is looked at once, for its encoding and the kinds of its columns."""
    notes: list[str] = []
    encoding = encoding_of(path, name, start, encoding, notes)
    head = start.decode(encoding, errors="ignore").lstrip("\ufeff")
    lines = head.splitlines()
    blank = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line = lines[blank] if lines else ""
    delimiter = delimiter_of(name, line, delimiter)
    names = [title.strip() for title in next(csv.reader([line], delimiter=delimiter))]
    kept = named(name, names, notes)

    def batches() -> Iterator[pa.RecordBatch]:
        return parsed(path, names, kept, delimiter, encoding, blank)

    guesses = {title: kinds.Guess(commas=delimiter != ",") for title in kept}
    for batch in batches():
        for title in kept:
            guesses[title].look(batch[title])
    commas = frozenset(title for title in kept if guesses[title].has_commas)
    return Source(name, names, {title: guesses[title].kind for title in kept}, batches, commas, notes)


def encoding_of(path: Path, name: str, start: bytes, given: str, notes: list[str]) -> str:
    """UTF-8 or UTF-16 where the file says so or is so, else Windows-1252, which old spreadsheets write."""
    if given:
        try:
            return codecs.lookup(given).name
        except LookupError as error:
            raise BadTable(f"There is no encoding {given[:40]!r}: use utf-8, utf-16, cp1252 or latin-1.") from error
    marked = next((found for mark, found in MARKS.items() if start.startswith(mark)), "")
    if marked:
        return marked
    if b"\0" in start:
        raise BadTable(f"{name} is neither a CSV nor a Parquet file: save the table as one of them.")
    if is_utf8(path):
        return "utf-8"
    notes.append("It is not UTF-8 and was read as Windows-1252; say another encoding if letters look wrong.")
    return "cp1252"


def is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(BLOCK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def delimiter_of(name: str, line: str, given: str) -> str:
    """The one that parts the first line into the most columns."""
    given = {"\\t": "\t", "tab": "\t"}.get(given, given)
    if given and (len(given) != 1 or given in '"\r\n' or not given.isascii()):
        raise BadTable(f"{given[:20]!r} cannot part columns: give one character, such as , or ; or tab.")
    if not line.strip():
        raise BadTable(f"{name} has no line of column names: the first line must say what the columns are called.")
    found = given or max(DELIMITERS, key=lambda one: len(next(csv.reader([line], delimiter=one))))
    if found not in line:
        raise BadTable(
            f"{name} has a single column, {line.strip()[:60]!r}: it needs one that names the tiles and one to bring in."
            " If its columns are parted by something else than , ; | or tabs, say by what."
        )
    return found


def named(name: str, names: list[str], notes: list[str]) -> list[str]:
    """The columns that have a name. A table program's unnamed first column is its row numbers."""
    kept = [title for title in names if title]
    twice = next((title for title in kept if kept.count(title) > 1), None)
    if twice is not None:
        raise BadTable(f"{name} has two columns called {twice[:80]!r}: rename one.")
    if len(kept) < len(names):
        notes.append(f"{len(names) - len(kept)} without a name left out.")
    return kept


def parsed(
    path: Path, names: list[str], kept: list[str], delimiter: str, encoding: str, blank: int
) -> Iterator[pa.RecordBatch]:
    """blank: lines before the first."""
    stand_ins = [title or f"\0{i}" for i, title in enumerate(names)]
    reader = pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(
            use_threads=False, block_size=BLOCK, skip_rows=blank, column_names=stand_ins, encoding=encoding,
            skip_rows_after_names=1,
        ),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(kept, pa.string()), include_columns=kept, strings_can_be_null=False,
            check_utf8=True,
        ),
    )  # fmt: skip
    for batch in reader:
        yield pa.RecordBatch.from_arrays([pc.utf8_trim_whitespace(column) for column in batch], kept)
