"""Films written frame by frame through the ffmpeg that imageio-ffmpeg brings.

imageio_ffmpeg.write_frames is not used: it does not look at ffmpeg's exit status, so a full disk gives half a film.
"""

import subprocess
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import imageio_ffmpeg
import numpy as np

from search.errors import NoVideoEncoder

ENCODERS = {
    # Untagged, players guess the colours' matrix by the size of the picture: it is written, and said.
    "mp4": [
        "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
               "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
        "-c:v", "libx264", "-preset", "medium", "-crf", "20", "-g", "24", "-movflags", "+faststart", "-f", "mp4",
    ],
    "webp": ["-c:v", "libwebp_anim", "-pix_fmt", "bgra", "-quality", "80", "-compression_level", "4",
             "-loop", "0", "-f", "webp"],
    # A palette of each frame: one of the whole film would keep all of it in memory.
    "gif": [
        "-filter_complex", "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:dither=sierra2_4a",
        "-loop", "0", "-f", "gif",
    ],
}  # fmt: skip


class Film:
    """`with Film(…) as film: film.write(frame)`; the file appears whole at the end, or not at all."""

    def __init__(self, path: Path, form: str, size: tuple[int, int], fps: float) -> None:
        """size: width, height, both even."""
        self.path, self.size = path, size
        self.part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the film)
        width, height = size
        command = [
            encoder(), "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s",
            f"{width}x{height}", "-r", f"{fps:g}", "-i", "pipe:0", "-an", *ENCODERS[form], str(self.part),
        ]  # fmt: skip
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said
            )
        except OSError as error:
            raise NoVideoEncoder(f"ffmpeg cannot be started ({error}). Run `make setup` again.") from error

    def write(self, frame: np.ndarray) -> None:
        """frame: (height, width, 3) uint8."""
        if frame.shape != (self.size[1], self.size[0], 3) or frame.dtype != np.uint8:
            raise ValueError(f"frame of {frame.shape} {frame.dtype} in a film of {self.size}")
        try:
            self._pipe().write(np.ascontiguousarray(frame).data)
        except BrokenPipeError as error:
            raise self._failure() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._process.kill()  # nothing to a process that has ended
            self._process.wait()
            self.part.unlink(missing_ok=True)
            self._said.close()

    def _finish(self) -> None:
        try:
            self._pipe().close()
        except BrokenPipeError as error:
            raise self._failure() from error
        if self._process.wait() != 0 or not self.part.is_file():
            raise self._failure()
        self.part.replace(self.path)

    def _pipe(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    def _failure(self) -> OSError:
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return OSError(f"The film could not be written: {' '.join(lines[-3:]) or 'ffmpeg ended early'}")


def encoder() -> str:
    """The path of ffmpeg: IMAGEIO_FFMPEG_EXE, the package's own, or the system's."""
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise NoVideoEncoder(
            "There is no ffmpeg, which writes films: run `make setup`, or install ffmpeg and name it in "
            "IMAGEIO_FFMPEG_EXE."
        ) from error
