"""Reports as tables."""

from ml.evaluate.measuring import Report

_COLUMNS = {
    "encoder": "encoder",
    "dim": "dim",
    "precision_10": "P@10",
    "precision_50": "P@50",
    "knn_20": "kNN 20",
    "knn_200": "kNN 200",
    "few_shot": "10 labels",
    "alignment": "alignment",
    "uniformity": "uniformity",
    "effective_rank": "eff. rank",
    "milliseconds": "ms/tile",
}
_PLACES = {"effective_rank": 1, "milliseconds": 1, "uniformity": 2, "dim": 0}
Table = list[list[str]]


def summary(reports: list[Report]) -> Table:
    """A header and a line per encoder."""
    return [list(_COLUMNS.values()), *([_cell(report, key) for key in _COLUMNS] for report in reports)]


def by_class(reports: list[Report], measure: str = "precision_10") -> Table:
    """A header, a line per class, and their mean: one measure of each encoder."""
    names = list(reports[0].classes)
    rows = [[name, *(f"{one.classes[name][measure]:.3f}" for one in reports)] for name in names]
    mean = ["mean", *(f"{getattr(one, measure):.3f}" for one in reports)]
    return [[f"{_COLUMNS[measure]} of", *(one.encoder for one in reports)], *rows, mean]


def intervals(reports: list[Report]) -> Table:
    """A header and a line per encoder: from where to where each measure of neighbours may lie, with 95 %."""
    keys = list(reports[0].intervals)
    lines = [[one.encoder, *(_between(*one.intervals[key]) for key in keys)] for one in reports]
    return [["95 % of", *(_COLUMNS[key] for key in keys)], *lines]


def _between(low: float, high: float) -> str:
    return "unknown" if low != low else f"{low:.3f}–{high:.3f}"  # NaN is not itself


def plain(table: Table) -> str:
    """For the terminal: columns of equal width, numbers to the right."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [
        [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        for row in table
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def markdown(table: Table) -> str:
    header, *rows = table
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(reports: list[Report]) -> str:
    """All tables in Markdown, and what they were measured on."""
    first = reports[0]
    title = f"# {first.labelled}: {first.tiles} tiles in {len(first.classes)} classes"
    tables = [summary(reports), intervals(reports), by_class(reports), by_class(reports, "few_shot")]
    return "\n\n".join([title, *map(markdown, tables)]) + "\n"


def _cell(report: Report, key: str) -> str:
    value = getattr(report, key)
    return value if isinstance(value, str) else f"{value:.{_PLACES.get(key, 3)}f}"
