"""Videos decoded with limits, by PyAV (FFmpeg): pictures with their times, as far as the file can be read.

The file is opened as what its first bytes say and as nothing else, through a handle of ours: a playlist that names
other files or addresses is never followed.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from django.conf import settings

from search.errors import BadImagery
from search.filetypes import BOXES

CODECS = frozenset(
    {"h264", "hevc", "libdav1d", "av1", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg1video", "mpeg2video", "mpeg4",
     "mjpeg", "prores", "ffv1", "dnxhd", "h263"}
)  # fmt: skip
PACKET = 188  # bytes of MPEG-TS; 192 where a camera puts 4 of its own before each
MOST_PIXELS = 36_000_000  # of a frame: 8K has 33
MOST_SIDE = 16_383  # px, what WebP holds
MOST_HOURS = 24  # of a video
MOST_DECODED = 10_000_000  # frames
PATIENCE = 6 * 3600  # seconds that one video may keep a worker
CUT_SHORT = 0.98  # of the length that it says it has: less was decoded, and the file was cut short
logging.getLogger("libav").setLevel(logging.CRITICAL)  # FFmpeg's remarks on every broken packet


@dataclass
class Video:
    """A video to be decoded once, from its beginning: iterate for (seconds from its start, frame).

    trusted: named at the command line; of others the size is limited too.  notes: filled while it is decoded, what was
    wrong with it, as sentences without a subject; seconds: its length as it says itself, 0.0 where it doesn't.
    Raises BadImagery when there is nothing to decode.
    """

    path: Path
    title: str
    trusted: bool = True
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    ratio: float = 1.0  # width to height of its pixels
    _broken: int = 0
    _last: float = 0.0

    def __iter__(self) -> Iterator[tuple[float, VideoFrame]]:
        kind = self.checked()
        with self.path.open("rb") as file, opened(file, kind, self.title) as container:
            self.seconds = (container.duration or 0) / av.time_base
            stream = pictures_of(container, self.title)
            self.ratio = pixel_ratio(stream)
            decoded, deadline = 0, time.monotonic() + PATIENCE
            for decoded, (at, frame) in enumerate(self._timed(container, stream), 1):
                if self._is_enough(at, frame, decoded, deadline):
                    break
                self._last = at
                yield at, frame
        if not decoded:
            raise BadImagery(
                f"{self.title}: not one of its pictures could be decoded: it is encrypted, or damaged. Copy it again, "
                "or save it without protection."
            )
        self._tell_what_is_missing()

    def length(self) -> float:
        """Seconds, as it says itself."""
        with self.path.open("rb") as file, opened(file, self.checked(), self.title) as container:
            return (container.duration or 0) / av.time_base

    def checked(self) -> str:
        """FFmpeg's name of its container; BadImagery when it is none of those known here, or too large."""
        size = self.path.stat().st_size
        if not self.trusted and size > settings.IMPORT_LIMIT:
            raise BadImagery(f"{self.title} has {size / 2**30:.1f} GB; IMPORT_LIMIT_GB allows "
                             f"{settings.IMPORT_LIMIT / 2**30:.1f}: cut it into parts.")  # fmt: skip
        kind = container_of(self.path)
        if not kind:
            what = "an empty file" if not size else "something else"
            raise BadImagery(
                f"{self.title} is not a video that can be read: it is {what}. MP4, QuickTime, Matroska, WebM, AVI and "
                "MPEG are; save or copy it again."
            )
        return kind

    def _timed(self, container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
        """Frames with seconds from the first one, which never go back."""
        first, last, step = None, 0.0, float(1 / stream.average_rate) if stream.average_rate else 0.04
        for frame in self._decoded(container, stream):
            given = frame.time if frame.time is not None else (0.0 if first is None else first + last + step)
            first = given if first is None else first
            last = max(last, given - first)
            yield last, frame

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """What cannot be decoded is counted and passed over."""
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except FFmpegError:
                    self._broken += 1
                    continue
                for frame in frames:
                    if frame.is_corrupt:
                        self._broken += 1
                    else:
                        yield frame
        except FFmpegError:  # of the container: nothing can be read behind it
            self._broken += 1

    def _is_enough(self, at: float, frame: VideoFrame, decoded: int, deadline: float) -> bool:
        """Whether to stop here, with a note; BadImagery for a frame that is too large."""
        check_size(frame.width, frame.height, self.title)
        limits = {
            f"is longer than {MOST_HOURS} hours": at > MOST_HOURS * 3600,
            f"has more than {MOST_DECODED:,} frames": decoded > MOST_DECODED,
            f"took longer than {PATIENCE // 3600} hours to decode": time.monotonic() > deadline,
        }
        broken = [f"{why}: only its first {clock(self._last)} were taken" for why, is_so in limits.items() if is_so]
        self.notes += broken
        return bool(broken)

    def _tell_what_is_missing(self) -> None:
        if self.notes:
            return
        if self.seconds and self._last < CUT_SHORT * self.seconds - 1:
            self.notes.append(
                f"was cut short: {clock(self._last)} of {clock(self.seconds)} could be read, and what was in them is "
                "kept. Copy it again for the rest"
            )
        elif self._broken:
            self.notes.append(f"is damaged: {self._broken:,} of its pieces could not be decoded and were passed over")


def opened(file: IO[bytes], kind: str, title: str) -> InputContainer:
    """protocol_whitelist: no other file, no address."""
    try:
        return av.open(file, "r", format=kind, options={"protocol_whitelist": "", "enable_drefs": "0"})
    except (FFmpegError, OSError) as error:
        raise BadImagery(
            f"{title} cannot be opened as a video: it is damaged, or was cut short before its table of contents "
            "(which some cameras write last). Copy it again."
        ) from error


def pictures_of(container: InputContainer, title: str) -> VideoStream:
    """The stream to decode; BadImagery for none, or for one that is not decoded here."""
    moving = [stream for stream in container.streams.video if not is_cover(stream)]
    if not moving:
        held = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise BadImagery(f"{title} has no pictures, only {held}: choose a file with a video in it.")
    stream = moving[0]
    codec = stream.codec_context.name if stream.codec_context else ""
    if codec not in CODECS:
        raise BadImagery(
            f"{title} is coded with {codec or 'something unknown'}, which is not read here. "
            "Convert it: ffmpeg -i it.mov -c:v libx264 it.mp4"
        )
    check_size(stream.codec_context.width, stream.codec_context.height, title)
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    stream.thread_type = "AUTO"
    return stream


def pixel_ratio(stream: VideoStream) -> float:
    """1.0 where it says nothing, or nothing sensible."""
    said = float(stream.codec_context.sample_aspect_ratio or 1)
    return said if 0.1 < said < 10 else 1.0


def is_cover(stream: VideoStream) -> bool:
    """A still picture that a sound file brings along."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def check_size(width: int, height: int, title: str) -> None:
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise BadImagery(
            f"{title} has frames of {width:,} x {height:,} pixels; {MOST_PIXELS:,} are allowed. Make them smaller: "
            "ffmpeg -i it.mp4 -vf scale=1920:-2 smaller.mp4"
        )


def container_of(path: Path) -> str:
    """FFmpeg's name for what the first bytes say; "" for what we don't know."""
    with path.open("rb") as file:
        start = file.read(2 * PACKET + 16)
    if start[4:8] in BOXES:
        return "mov"
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if start[:4] == b"RIFF" and start[8:11] == b"AVI":
        return "avi"
    if start.startswith((b"\0\0\1\xba", b"\0\0\1\xb3")):
        return "mpeg" if start[3:4] == b"\xba" else "mpegvideo"
    packets = (start[:1] == start[PACKET : PACKET + 1] == b"G", start[4:5] == start[PACKET + 8 : PACKET + 9] == b"G")
    return "mpegts" if any(packets) else ""


def upright(frame: VideoFrame, ratio: float = 1.0) -> np.ndarray:
    """(h, w, 3) uint8, RGB, turned as the camera was held.  ratio: width to height of its pixels, made square."""
    wide = min(MOST_SIDE, max(1, round(frame.width * ratio)))
    pixels = frame.reformat(width=wide, height=frame.height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))


def clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
