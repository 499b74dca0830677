"""The band below each picture of a film: date, title, scale bar and credit, so that nothing covers the imagery."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

BACKGROUND, BRIGHT, QUIET, ACCENT = (17, 20, 26), (244, 246, 250), (164, 171, 184), (120, 180, 255)
NO_DATA = (38, 43, 52)
MOST_LINES = 3  # of credit
BAR = 0.28  # share of the width that the scale bar may take


class Captions:
    """Laid out once; `stamp` draws what changes."""

    def __init__(self, width: int, *, title: str, credit: str, metres: float) -> None:
        """metres: on the ground in one pixel."""
        self.width = width
        text = min(max(width / 44, 12.0), 34.0)
        self.pad = round(text * 0.7)
        self.big, self.normal, self.small = (ImageFont.load_default(size) for size in (text * 1.5, text, text * 0.72))
        self.row = height_of(self.big) + self.pad
        lines = wrapped(credit, self.small, width - 2 * self.pad)
        self.line = round(text * 1.0)
        height = self.pad // 2 + self.row + len(lines) * self.line + (self.pad if lines else self.pad // 2)
        self.height = height + height % 2
        self.base = Image.new("RGB", (width, self.height), BACKGROUND)
        draw = ImageDraw.Draw(self.base)
        self.bar_left = self._bar(draw, metres)
        self.title = title
        for number, line in enumerate(lines):
            top = self.pad // 2 + self.row + number * self.line
            draw.text((self.pad, top), line, QUIET, self.small)

    def _bar(self, draw: ImageDraw.ImageDraw, metres: float) -> int:
        """At the right of the first row; returns where it begins."""
        length, label = scale(metres, self.width * BAR)
        pixels = max(2, round(length / metres))
        right, middle = self.width - self.pad, self._middle()
        left, thick = right - pixels, max(2, self.width // 480)
        tick, bottom = max(4, self.pad // 2), middle + self.pad // 2 + thick
        draw.rectangle((left, bottom - thick + 1, right - 1, bottom), BRIGHT)
        for x in (left, right - thick):
            draw.rectangle((x, bottom - tick, x + thick - 1, bottom), BRIGHT)
        wide = self.small.getlength(label)
        draw.text((right - max(pixels, wide) / 2, bottom - tick), label, BRIGHT, self.small, anchor="mb")
        return round(min(left, right - wide))

    def _middle(self) -> int:
        return self.pad // 2 + self.row // 2

    def stamp(self, date: str, note: str, share: float) -> np.ndarray:
        """(height, width, 3) uint8. note: what else is to be said of this date.  share: of the film shown by now."""
        image = self.base.copy()
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, max(1, round(self.width * share)) - 1, max(1, self.pad // 6)), ACCENT)
        draw.text((self.pad, self._middle()), date, BRIGHT, self.big, anchor="lm")
        left = self.pad + round(self.big.getlength(date)) + self.pad
        said = fitted(note or self.title, self.normal, self.bar_left - self.pad - left)
        draw.text((left, self._middle()), said, QUIET, self.normal, anchor="lm")
        return np.asarray(image)


def scale(metres: float, pixels: float) -> tuple[float, str]:
    """The longest of 1, 2 or 5 times a power of ten of metres that fits into so many pixels, and how it is written."""
    most = metres * pixels
    power = 10 ** math.floor(math.log10(most))
    length = max(step * power for step in (1, 2, 5) if step * power <= most)
    return length, f"{length / 1000:,.0f} km" if length >= 1000 else f"{length:g} m"


def height_of(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    box = font.getbbox("Ag0")
    return round(box[3] - box[1])


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """In lines of so many pixels; what does not fit into MOST_LINES ends in an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    kept = lines[:MOST_LINES]
    rest = " ".join(lines[MOST_LINES - 1 :])
    return [fitted(rest if i == MOST_LINES - 1 else line, font, width) for i, line in enumerate(kept)]


def fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""
