"""When a layer has pictures: single dates and periods with a step, as WMTS capabilities write them (ISO 8601)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from search.errors import BadQuery

DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z?")
MOST = 100_000  # dates of one plan


@dataclass(frozen=True)
class Step:
    months: int = 0
    seconds: int = 0

    def after(self, start: datetime, count: int) -> datetime:
        """`count` steps on; the last day of shorter months stands for those that they lack."""
        months = start.month - 1 + self.months * count
        year, month = start.year + months // 12, months % 12 + 1
        day = min(start.day, _days_in(year, month)) if self.months else start.day
        return start.replace(year=year, month=month, day=day) + timedelta(seconds=self.seconds * count)

    def before(self, start: datetime, when: datetime) -> int:
        """About how many steps fit before a moment, never too many."""
        if self.months:
            return max(0, ((when.year - start.year) * 12 + when.month - start.month) // self.months - 1)
        return max(0, int((when - start).total_seconds() // self.seconds)) if self.seconds else 0


@dataclass(frozen=True)
class Period:
    """start, start + step … end, both included."""

    start: datetime
    end: datetime
    step: Step

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        if self.start >= first and self.start == self.end:
            yield from [self.start] if self.start <= last else []
            return
        count = self.step.before(self.start, first)
        while (when := self.step.after(self.start, count)) <= min(self.end, last):
            if when >= first:
                yield when
            count += 1


@dataclass(frozen=True)
class Domain:
    """All moments that a layer has a picture of.  subdaily: several a day."""

    periods: tuple[Period, ...]
    subdaily: bool = False

    @property
    def first(self) -> datetime:
        return min(period.start for period in self.periods)

    @property
    def last(self) -> datetime:
        return max(period.end for period in self.periods)

    def between(self, first: datetime, last: datetime) -> list[datetime]:
        """In order, each once; BadQuery when they are too many to be meant."""
        found: set[datetime] = set()
        for period in self.periods:
            for when in period.between(first, last):
                found.add(when)
                if len(found) > MOST:
                    raise BadQuery(f"More than {MOST:,} dates lie between {first:%Y-%m-%d} and {last:%Y-%m-%d}.")
        return sorted(found)

    def holds(self, when: datetime) -> bool:
        return bool(self.between(when, when))

    def clocks(self, day: date, most: int = 6) -> list[str]:
        """Times of day of a date, the first few: 00:00, 00:10 …"""
        moments = self.between(midnight(day), midnight(day) + timedelta(days=1, seconds=-1))
        return [f"{moment:%H:%M}" for moment in moments[:most]]

    def near(self, when: datetime) -> list[datetime]:
        """The nearest one before and the nearest after, where they are."""
        around = timedelta(days=800)
        moments = self.between(when - around, when + around) if self.subdaily is False else []
        before, after = [m for m in moments if m < when][-1:], [m for m in moments if m > when][:1]
        return before + after


def parse(values: list[str]) -> Domain:
    """The <Value>s of a time dimension; BadQuery for what is no date."""
    parts = [part.strip() for value in values for part in value.split(",") if part.strip()]
    periods = tuple(_period(part) for part in parts)
    return Domain(periods, subdaily=any(0 < period.step.seconds < 86400 for period in periods))


def _period(text: str) -> Period:
    start, *rest = text.split("/")
    begin = moment(start)
    if not rest:
        return Period(begin, begin, Step(seconds=86400))
    return Period(begin, moment(rest[0]), step(rest[1] if len(rest) > 1 else "P1D"))


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadQuery(f"{text[:40]!r} is not a date: write YYYY-MM-DD.") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def day(text: object) -> date:
    """A recipe's date."""
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise BadQuery(f"{str(text)[:40]!r} is not a date: write YYYY-MM-DD.") from error


def step(text: object) -> Step:
    """P1D, P8D, P1M, PT10M …, or a number of days."""
    written = f"P{text}D" if str(text).isdecimal() else str(text)
    match = DURATION.fullmatch(written)
    years, months, weeks, days, hours, minutes, seconds = (
        (int(part or 0) for part in match.groups()) if match else [0] * 7
    )
    seconds += ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60
    months += years * 12
    if bool(months) == bool(seconds):
        raise BadQuery(f"{str(text)[:40]!r} is not a step: write a number of days, or P1M for months, P1Y for years.")
    return Step(months, seconds)


def clock(text: object) -> str:
    """12:00 -> 12:00:00."""
    match = CLOCK.fullmatch(str(text).strip())
    if not match:
        raise BadQuery(f"{str(text)[:40]!r} is not a time of day: write HH:MM, in UTC.")
    return f"{match[1]}:{match[2]}:{match[3] or '00'}"


def midnight(when: date) -> datetime:
    return datetime.combine(when, time.min, UTC)


def _days_in(year: int, month: int) -> int:
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
