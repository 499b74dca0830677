"""A frame's vectors as ml.selection reads them: by slices, and by rows that ascend."""

from typing import Any

import numpy as np

from search.frames import Frame


class FrameVectors:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.shape, self.dtype = (frame.count, frame.dim), np.dtype(np.float16)

    def __len__(self) -> int:
        return self._frame.count

    def __getitem__(self, rows: Any) -> np.ndarray:
        """(m, dim) float16."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(self._frame.count))
        rows = np.asarray(rows)
        return self._frame.vectors(np.flatnonzero(rows) if rows.dtype == bool else rows)
