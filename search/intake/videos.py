"""Videos become pictures of a gallery: their frames, written once below the dataset's own folder.

The frames of one video lie in imagery/<dataset>/frames/<digest>/, beside frames.json, which says when each was and how
much it differs from the one before. The folder appears whole or not at all, so a stopped import goes on with the
video it was at, and a repeated one decodes nothing again.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ml import selection
from ml.encoders import Encoder
from search import encoders, uploads
from search.errors import BadImagery, DiskFull
from search.imagery.gallery import boxed
from search.intake import decoding, framing, staging
from search.intake.decoding import Video
from search.intake.framing import MOST_FRAMES, Framing, Kept
from search.intake.gathering import Found
from search.intake.items import Item
from search.intake.options import Options, short_name
from search.models import Dataset

RECORD = "frames.json"
QUALITY, METHOD = 90, 2  # of WebP
BATCH = 16  # frames embedded at once
LOOK = 64  # frames written between two looks at the disk
SPARE = 2**29  # bytes of disk that stay free
PIECE = 2**20  # bytes of a video that its digest reads, at three places
Progress = Callable[[int, int], None]


@dataclass
class Clock:
    """Seconds of video decoded of how many in all, told as they go."""

    total: float
    on_progress: Progress | None
    done: float = 0.0

    def tell(self, at: float) -> None:
        if self.on_progress:
            now = int(self.done + at)
            self.on_progress(now, max(1, now, int(self.total)))


@dataclass
class Written:
    """Frames on disk so far, in order."""

    names: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    luminances: list[np.ndarray] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)  # of those embedded, (n, dim) float16 each


def taken(found: Found, videos: Sequence[Item], options: Options, on_progress: Progress | None = None) -> list[Item]:
    """The frames of the videos, in order of time; what cannot be used joins found.refused.

    What could be read of a damaged one is kept, with a line in found.notes.  Raises DiskFull, and Cancelled as
    on_progress does.
    """
    encoder = encoder_of(options) if options.framing.selects else None
    clock = Clock(sum(length_of(item) for item in videos), on_progress)
    frames: list[Item] = []
    for item in videos:
        try:
            frames += frames_of(found, item, options.framing, encoder, clock)
        except BadImagery as error:
            found.refused.append((str(item.path), str(error)))
        except OSError as error:
            if uploads.is_full(error):
                raise full() from error
            found.refused.append((str(item.path), f"{item.title} cannot be read ({error.strerror or error})."))
        clock.done += length_of(item)
    return frames


def frames_of(found: Found, item: Item, chosen: Framing, encoder: Encoder | None, clock: Clock) -> list[Item]:
    folder = found.home / "frames" / digest_of(item, chosen, encoder)
    if not folder.is_dir():
        write(Video(item.path, item.title, item.trusted), folder, chosen, encoder, clock)
        found.made.append(folder)
    said = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    found.notes += [f"{item.title} {note}." for note in said["notes"]]
    meta = {**item.meta, "video": item.title}
    return [
        replace(item, path=folder / frame["name"], name=frame["name"], meta=meta, frame_time=frame["time"],
                frame_change=frame["change"])
        for frame in said["frames"]
    ]  # fmt: skip


def write(video: Video, folder: Path, chosen: Framing, encoder: Encoder | None, clock: Clock) -> None:
    """Decode a video once and write what is kept of it, with its record."""
    part = staging.beside(folder)
    part.mkdir(parents=True)
    try:
        written = candidates(video, part, chosen, encoder, clock)
        rows = most_varied(written, chosen, clock) if encoder else list(range(len(written.names)))
        for row in sorted(set(range(len(written.names))) - set(rows)):
            (part / written.names[row]).unlink()
        record(video, part, written, rows)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def candidates(video: Video, part: Path, chosen: Framing, encoder: Encoder | None, clock: Clock) -> Written:
    """Every frame that rate and change leave, written and, for a selection, embedded."""
    kept, written, waiting = Kept(chosen), Written(), []
    for at, frame in video:
        clock.tell(at)
        if not kept.takes(at, frame):
            continue
        if len(written.names) % LOOK == 0 and shutil.disk_usage(part).free < SPARE:
            raise full()
        picture = decoding.upright(frame, video.ratio)
        name = f"{Path(video.title).stem}_{written_time(at)}.webp"
        Image.fromarray(picture).save(part / name, quality=QUALITY, method=METHOD)
        written.names.append(name)
        written.times.append(at)
        written.luminances.append(kept.luminance)  # type: ignore[arg-type]
        if encoder:
            waiting.append(boxed(picture, encoder.size)[0])
            if len(waiting) == BATCH:
                written.vectors.append(encoder.encode_images(np.stack(waiting)).astype(np.float16))
                waiting = []
        if len(written.names) == MOST_FRAMES:
            video.notes.append(f"gave {MOST_FRAMES:,} frames by {decoding.clock(at)}; later ones were left out. "
                               "Take fewer a second")  # fmt: skip
            break
    if encoder and waiting:
        written.vectors.append(encoder.encode_images(np.stack(waiting)).astype(np.float16))
    return written


def most_varied(written: Written, chosen: Framing, clock: Clock) -> list[int]:
    """Rows in order of time: k-center over the frames' embeddings."""
    vectors = np.concatenate(written.vectors)
    wanted = chosen.wanted(len(vectors))
    if wanted == len(vectors):
        return list(range(wanted))
    objective = {"kind": "diversity", "method": "k-center", "strength": 1}
    recipe = selection.Recipe.read({"n": wanted, "seed": 0, "objectives": [objective]})
    found = selection.select(vectors, recipe, on_progress=lambda *_: clock.tell(written.times[-1]))
    return sorted(int(row) for row in found.rows)


def record(video: Video, part: Path, written: Written, rows: Sequence[int]) -> None:
    """Changes are told to the frame kept before each, as in the gallery."""
    changes = framing.changes([written.luminances[row] for row in rows])
    frames = [
        {"name": written.names[row], "time": round(written.times[row], 3), "change": change}
        for row, change in zip(rows, changes, strict=True)
    ]
    said: dict[str, Any] = {"video": video.title, "seconds": video.seconds, "notes": video.notes, "frames": frames}
    (part / RECORD).write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def written_time(seconds: float) -> str:
    """Of a file's name; names sort as times do, up to 100 hours."""
    thousandths = round(seconds * 1000)
    return f"{thousandths // 3_600_000:02}h{thousandths // 60_000 % 60:02}m{thousandths % 60_000 / 1000:06.3f}s"


def digest_of(item: Item, chosen: Framing, encoder: Encoder | None) -> str:
    """Of the video's name, class, length and three pieces (videos are too long to be read twice), and of how its frames
    are chosen."""
    size = item.path.stat().st_size
    said = [item.title, item.label, size, chosen.said(), encoder.fingerprint if encoder else ""]
    digest = hashlib.sha256(json.dumps(said).encode())
    with item.path.open("rb") as file:
        for start in (0, max(0, size // 2 - PIECE // 2), max(0, size - PIECE)):
            file.seek(start)
            digest.update(file.read(PIECE))
    return digest.hexdigest()[:16]


def length_of(item: Item) -> float:
    """Seconds, as the video itself says; 0.0 for what says nothing or cannot be opened, which is told when its turn
    comes."""
    try:
        return Video(item.path, item.title, item.trusted).length()
    except (BadImagery, OSError):
        return 0.0


def encoder_of(options: Options) -> Encoder:
    """The dataset's, or the one that a new dataset gets."""
    existing = Dataset.objects.select_related("encoder").filter(slug=short_name(options)).first()
    return encoders.loaded(existing.encoder if existing else encoders.register(options.encoder))


def full() -> DiskFull:
    return DiskFull("The disk is full. Videos that were decoded whole are kept: free some space, and import again.")
