"""A table brought in: read, joined to the tiles row by row, and kept as one Parquet file in order of key.

What is read is written to disk as it comes by, so that ten million rows need no more memory than their keys.
"""

import errno
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from search.errors import BadTable, DiskFull
from search.models import Dataset, Table
from search.tables import joining, kinds, reading, summaries
from search.tables.asking import FILE, MEASURED
from search.tables.reading import MOST_ROWS, Source

MOST_COLUMNS = 100
EXAMPLES = 5
SCRATCH, LEFT = ".new-", 24 * 3600  # seconds after which nobody is at work in such a folder any more
_ROWS = 1 << 16  # written to Parquet at a time
Progress = Callable[[int, int], None]


@dataclass
class Report:
    """rows: of the file; matched: of them that name a tile of the dataset; replaced: of these, rows that gave way to a
    later one of the same tile.  examples: what some of the others say.
    """

    table: Table
    rows: int = 0
    matched: int = 0
    replaced: int = 0
    examples: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "table": described(self.table), "rows": self.rows, "matched": self.matched, "replaced": self.replaced,
            "examples": self.examples, "notes": self.notes,
        }  # fmt: skip

    def sentences(self) -> list[str]:
        titles = ", ".join(one["title"] for one in self.table.columns)
        told = [f"Rows of {self.table.name} that name a tile: {self.matched:,} of {self.rows:,}. They bring {titles}."]
        if self.matched < self.rows:
            told.append(f"No such tile: {self.rows - self.matched:,}, for example {', '.join(self.examples)}.")
        if self.replaced:
            told.append(f"Rows that gave way to a later one about the same tile: {self.replaced:,}.")
        return [*told, *self.notes]


def described(table: Table) -> dict[str, Any]:
    return {
        "id": table.pk, "name": table.name, "columns": table.columns, "rows": table.rows, "matched": table.matched,
        "owner": table.owner.username if table.owner else None, "created_at": table.created_at.isoformat(),
    }  # fmt: skip


def bring_in(
    dataset: Dataset, path: Path, *, user: User | None = None, name: str = "", key: str = "", delimiter: str = "",
    encoding: str = "", on_progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Join a file's columns to the dataset's tiles. Of rows about the same tile the last one holds.

    key: the column of tile keys or picture names, guessed where it is not given.  on_progress(rows, 0).
    Raises BadTable and keeps nothing; NotIndexed for a map without any finished shard; DiskFull.
    """
    name = (name or path.name)[-160:]
    try:
        source = reading.opened(path, name, delimiter=delimiter, encoding=encoding)
        with scratch() as folder:
            return joined(dataset, source, folder, user, key, on_progress or (lambda *_: None))
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise reading.unreadable(name, error) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"The server's disk is full: {name} was not brought in. Make room and try again.") from error
        raise


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder beside those of the tables, removed afterwards."""
    root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=root(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def root() -> Path:
    return Path(settings.DATA_DIR) / "tables"


def joined(
    dataset: Dataset, source: Source, folder: Path, user: User | None, key: str, on_progress: Progress
) -> Report:
    join = joining.joined(dataset, source, key)
    titles = named(source, join.by)
    report = Report(Table(dataset=dataset, owner=user, name=source.name), notes=list(source.notes))
    keys = gather(source, join, titles, folder / "rows.arrow", report, on_progress)
    if not report.matched:
        raise BadTable(none_fits(source, join, report))
    rows = last_of_each(keys)
    report.replaced = len(keys) - len(rows)
    columns = sort(folder / "rows.arrow", folder / FILE, keys, rows)
    kept = [
        {"name": name, "title": title, "kind": source.kinds[title], **columns[name]} for title, name in titles.items()
    ]
    store(report, kept, folder)
    return report


def none_fits(source: Source, join: joining.Join, report: Report) -> str:
    if not report.rows:
        return f"{source.name} has no rows below its column names: there is nothing to bring in."
    hint = " A number such as 1.23E+15 is a key that a table program cut short: save keys as text." if any(
        "E+" in one.upper() for one in report.examples) else ""  # fmt: skip
    return (f"No row of {source.name} names a tile of this dataset: {' and '.join(join.by)} says for example "
            f"{', '.join(report.examples)}.{hint} Name another column, or choose another dataset.")  # fmt: skip


def named(source: Source, by: Sequence[str]) -> dict[str, str]:
    """Title -> the name under which filters ask for it: without signs that addresses give a meaning to."""
    titles = [title for title in source.kinds if title not in by]
    if not titles:
        raise BadTable(f"{source.name} has no column besides {', '.join(by)}: there is nothing to bring in.")
    if len(titles) > MOST_COLUMNS:
        raise BadTable(f"{source.name} has {len(titles)} columns; {MOST_COLUMNS} are allowed: leave some out.")
    names = {title: kinds.safe_name(title) for title in titles}
    for name in names.values():
        if name in MEASURED:
            raise BadTable(f"{name} is measured by this site itself: rename that column, for example to {name}_given.")
        if name == "key":
            raise BadTable("key is what tiles are called by: rename that column, or name it as the one of keys.")
        if list(names.values()).count(name) > 1:
            raise BadTable(f"{source.name} has two columns that would both be called {name!r} here: rename one.")
    return names


def gather(
    source: Source, join: joining.Join, titles: dict[str, str], path: Path, report: Report, on_progress: Progress
) -> np.ndarray:
    """Write the rows that name a tile, as they come by; returns their keys, (matched,) int64."""
    schema = pa.schema([(name, kinds.TYPES[source.kinds[title]]) for title, name in titles.items()])
    keys = [np.empty(0, np.int64)]
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in source.batches():
            found = join.find(batch)
            fits = found != 0
            count(report, join, batch, fits)
            if fits.any():
                mine = batch.filter(pa.array(fits))
                cells = [
                    kinds.read(mine[title], source.kinds[title], commas=title in source.commas) for title in titles
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(cells, schema=schema))
                keys.append(found[fits])
            on_progress(report.rows, 0)
    return np.concatenate(keys)


def count(report: Report, join: joining.Join, batch: pa.RecordBatch, fits: np.ndarray) -> None:
    report.rows += len(batch)
    report.matched += int(fits.sum())
    if report.rows > MOST_ROWS:
        raise BadTable(f"{report.table.name} has more than {MOST_ROWS:,} rows: keep those of this dataset's tiles.")
    for row in np.flatnonzero(~fits)[: EXAMPLES - len(report.examples)].tolist():
        report.examples.append(join.show(batch, row) or "an empty cell")


def last_of_each(keys: np.ndarray) -> np.ndarray:
    """Rows in order of key; of those with the same key the last."""
    order = np.argsort(keys, kind="stable")
    ends = np.ones(len(order), bool)
    ends[:-1] = keys[order][1:] != keys[order][:-1]
    return order[ends]


def sort(unsorted: Path, path: Path, keys: np.ndarray, rows: np.ndarray) -> dict[str, dict[str, Any]]:
    """Write the rows in this order, column by column, then all to Parquet; returns what each column offers."""
    told, parts = {}, {}
    with pa.memory_map(str(unsorted)) as file:
        table = pa.ipc.open_file(file).read_all()
        for number, name in enumerate(table.schema.names):
            cells = table[name].take(pa.array(rows))
            told[name] = summaries.summary(cells, kinds.of_type(cells.type) or kinds.TEXT)
            parts[name] = unsorted.with_name(f"{number}.arrow")
            with (
                pa.OSFile(str(parts[name]), "wb") as out,
                pa.ipc.new_file(out, pa.schema([(name, cells.type)])) as writer,
            ):
                writer.write_table(pa.table({name: cells}))
        del table
    with ExitStack() as held:
        files = [held.enter_context(pa.memory_map(str(part))) for part in parts.values()]
        columns = [pa.ipc.open_file(file).read_all().column(0) for file in files]
        whole = pa.table({"key": keys[rows], **dict(zip(parts, columns, strict=True))})
        pq.write_table(whole, path, compression="zstd", row_group_size=_ROWS)
    return told


def store(report: Report, columns: list[dict[str, Any]], folder: Path) -> None:
    """The row and its folder, or neither."""
    table = report.table
    table.columns, table.rows, table.matched = columns, report.rows, report.matched
    with transaction.atomic():
        table.save()
        shutil.rmtree(table.folder, ignore_errors=True)
        table.folder.mkdir(parents=True)
        (folder / FILE).replace(table.folder / FILE)


def remove(table: Table) -> None:
    folder = table.folder
    table.delete()
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what a process that was killed while it read a table left behind."""
    for left in root().glob(f"{SCRATCH}*"):
        if time.time() - left.stat().st_mtime > LEFT:
            shutil.rmtree(left, ignore_errors=True)
