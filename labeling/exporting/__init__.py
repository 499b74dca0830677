"""Files for others: a campaign's votes and labels, and its collection, the tiles that a sweep found with their labels.

All are written as they are read, so that a long campaign and a large archive fill no memory.
"""

from labeling.exporting.collection import COLUMNS, Collection
from labeling.exporting.formats import FORMATS, Format, format_of
from labeling.exporting.labels import labels_csv, labels_geojson, votes_csv
from search.exporting.streaming import pieces, streamed

__all__ = [
    "COLUMNS", "FORMATS", "Collection", "Format", "format_of", "labels_csv", "labels_geojson", "pieces", "streamed",
    "votes_csv",
]  # fmt: skip
