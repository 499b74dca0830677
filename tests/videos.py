"""Tiny videos to test with, made by PyAV."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

SIZE = 64, 48  # width, height
Draw = Callable[[int], np.ndarray]


def street(at: int) -> np.ndarray:
    """(48, 64, 3) uint8: what a car sees that has driven so far. Every position looks different."""
    random = np.random.default_rng(7)
    houses = random.integers(30, 230, (400, 3), np.uint8)
    columns = (np.arange(SIZE[0]) + 6 * at) // 8 % len(houses)
    picture = np.repeat(houses[columns][None], SIZE[1], axis=0)
    picture[: SIZE[1] // 4] = (120, 160, 220)
    return picture


def make_video(
    path: Path,
    draw: Draw = street,
    *,
    frames: int = 30,
    fps: int = 10,
    codec: str = "libx264",
    size: tuple[int, int] = SIZE,
    times: Sequence[float] = (),
    **options: str,
) -> Path:
    """times: of each frame, in seconds, where they are not a rate's.  options: of the container."""
    with av.open(path, "w", options=options) as file:
        stream = cast(VideoStream, file.add_stream(codec, rate=fps))
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "12", "bf": "0"}
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i in range(len(times) or frames):
            frame = VideoFrame.from_ndarray(draw(i), format="rgb24")
            if times:
                frame.pts, frame.time_base = round(times[i] * 1000), Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def make_sound(path: Path) -> Path:
    with av.open(path, "w") as file:
        stream = cast(AudioStream, file.add_stream("aac", rate=16000))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def drive(stop: range) -> Draw:
    """A car that drives one step a frame and stands still while it is at a red light."""
    return lambda i: street(min(i, stop.start) if i < stop.stop else i - len(stop))
