"""Datasets of plain colours over time, and films taken apart again."""

import io
import json
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageSequence

from search.models import Dataset
from tests.factories import make_map, make_raster

COLOURS = [(200, 40, 40), (40, 180, 60), (60, 80, 210), (220, 220, 40)]
BOX = (0.0, 0.0, 9.0, 9.0)


def plain(colour: tuple[int, int, int], height: int = 64, width: int = 64) -> np.ndarray:
    """(3, h, w) uint8."""
    return np.tile(np.array(colour, np.uint8)[:, None, None], (1, height, width))


def make_dates(folder: Path, count: int = 4, empty: tuple[int, ...] = (), **options: object) -> Dataset:
    """One colour a day from 2020-01-01 on, 0 to 9 degrees; on the days `empty` the imagery lies elsewhere."""
    paths = []
    for i in range(count):
        box = (40.0, 40.0, 49.0, 49.0) if i in empty else BOX
        paths.append(make_raster(folder / f"d_2020-01-{i + 1:02d}.tif", plain(COLOURS[i % 4]), box))
    return make_map("days", paths, levels=(5,), product="rgb", title="Plain colours", credit="Nobody", **options)


def stills(path: Path, width: int, height: int) -> list[np.ndarray]:
    """Every frame, (h, w, 3) uint8, as a player would show it."""
    if path.suffix != ".mp4":
        with Image.open(path) as film:
            return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return list(np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3))


def streams(path: Path) -> str:
    """What ffmpeg says of a file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", path]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def duration(path: Path) -> float:
    """Seconds."""
    hours, minutes, seconds = re.search(r"Duration: (\d+):(\d+):([\d.]+)", streams(path)).groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def answer_of(*arguments: object) -> dict:
    from django.core.management import call_command

    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())
