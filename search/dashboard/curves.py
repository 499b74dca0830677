"""A curve of a few numbers as parts of an SVG: drawn by the server, so that it needs no scripts and can be printed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 28  # px around the curve


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Curve:
    """line: an SVG path; a value that nobody measured breaks nothing, the line goes on to the next."""

    title: str
    line: str
    last: tuple[float, float]
    ticks: list[Tick]
    epochs: list[Tick]
    words: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def draw(values: Sequence[float | None], title: str, *, share: bool = False) -> Curve | None:
    """values: one an epoch; None when there are fewer than two."""
    known = [(epoch, value) for epoch, value in enumerate(values, 1) if value is not None]
    if len(known) < 2:
        return None
    low, high, step = scale(min(value for _, value in known), max(value for _, value in known))
    across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(epoch: int, value: float) -> tuple[float, float]:
        x = LEFT + across * (epoch - 1) / (len(values) - 1)
        return round(x, 1), round(TOP + up * (high - value) / (high - low), 1)

    places = [place(epoch, value) for epoch, value in known]
    levels = [low + n * step for n in range(round((high - low) / step) + 1)]
    marks = sorted({1, len(values), (1 + len(values)) // 2}) if len(values) > 2 else [1, len(values)]
    return Curve(
        title, "M" + "L".join(f"{x} {y}" for x, y in places), places[-1],
        ticks=[Tick(place(1, level)[1], label(level, step, share=share)) for level in levels],
        epochs=[Tick(place(epoch, low)[0], str(epoch)) for epoch in marks],
        words=f"{title}, from {label(known[0][1], step / 10, share=share)} in epoch {known[0][0]} to "
        f"{label(known[-1][1], step / 10, share=share)} in epoch {known[-1][0]}",
    )  # fmt: skip


def scale(low: float, high: float) -> tuple[float, float, float]:
    """Round numbers around the values, and the step between ticks: 1, 2 or 5 times a power of ten, about four."""
    spread = (high - low) or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(spread / 4))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= spread / 4)
    return math.floor(low / step) * step, max(math.ceil(high / step), math.floor(low / step) + 1) * step, step


def label(value: float, step: float, *, share: bool) -> str:
    """With as many decimals as the step has."""
    value, step = (100 * value, 100 * step) if share else (value, step)
    text = f"{value:.{max(0, min(6, -math.floor(math.log10(step) + 1e-9)))}f}"
    return f"{text} %" if share else text
