"""What is to be looked at: a file, and what is known of it besides its pixels."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """trusted: the person at the command line named it or its folder.  name: its own, where the file's is another.

    meta: what a list says of it besides; bands: which of its bands a STAC item calls red, green and blue; frame_time,
    frame_change: of a video's frame, seconds from the start and difference from the frame kept before (intake.framing).
    """

    path: Path
    trusted: bool = True
    name: str = ""
    label: str = ""
    day: date | None = None
    bands: tuple[int, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)
    frame_time: float | None = None
    frame_change: float | None = None

    @property
    def title(self) -> str:
        return self.name or self.path.name
