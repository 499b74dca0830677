"""Films: frames a second and memory of ours, and of a loop that keeps every frame in a list, in one run.

python -m tests.bench.animate --frames 200 --width 960

Both write H.264 with the same ffmpeg; each runs in a process of its own, whose peak of resident memory is read at its
end (getrusage). The frames are the same: a moving gradient under a caption.
"""

import argparse
import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

METHODS = ("ours", "list")


def pictures(count: int, width: int, height: int) -> Iterator[np.ndarray]:
    """(height, width, 3) uint8 each."""
    y, x = np.mgrid[:height, :width].astype(np.uint16)
    for number in range(count):
        yield np.stack([x + 3 * number, y + number, x + y], axis=-1).astype(np.uint8)


def ours(out: Path, frames: Iterator[np.ndarray], size: tuple[int, int]) -> None:
    from search.animating.film import Film

    with Film(out, "mp4", size, 10) as film:
        for frame in frames:
            film.write(frame)


def kept_in_a_list(out: Path, frames: Iterator[np.ndarray], size: tuple[int, int]) -> None:
    import imageio_ffmpeg

    kept = list(frames)
    options = ["-preset", "medium", "-crf", "20", "-g", "24"]
    writer = imageio_ffmpeg.write_frames(
        str(out), size, fps=10, quality=None, macro_block_size=2, output_params=options
    )
    writer.send(None)
    for frame in kept:
        writer.send(np.ascontiguousarray(frame))
    writer.close()


def measure(method: str, count: int, width: int) -> dict[str, float]:
    size = width, width * 9 // 16 // 2 * 2
    set_up()
    before = peak_mb()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        write = ours if method == "ours" else kept_in_a_list
        write(Path(folder) / "film.mp4", pictures(count, *size), size)
        seconds = time.perf_counter() - began
    return {"fps": round(count / seconds, 1), "mb_of_frames": round(peak_mb() - before)}


def set_up() -> None:
    """For both, so that they begin with the same memory."""
    import django

    folder = tempfile.mkdtemp()
    os.environ |= {"LOOKALIKE_DATA": folder, "ENV_FILE": os.devnull, "SECRET_KEY": secrets.token_urlsafe(50)}
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
    django.setup()
    import search.animating  # noqa: F401


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--method", choices=METHODS, help="measure one of them, in this process")
    options = parser.parse_args()
    if options.method:
        print(json.dumps(measure(options.method, options.frames, options.width)))
        return
    for method in METHODS:
        command = [sys.executable, "-m", "tests.bench.animate", "--method", method]
        command += ["--frames", str(options.frames), "--width", str(options.width)]
        print(method, subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()
