"""Coordinates as people write them: 47.4, 8.5 · 47°22'N 8°33'E · N47.4 E8.5 · 47 22 12 N, 8 33 0 E."""

import re

NUMBER = r"(\d{1,3}(?:[.]\d+)?)"
PART = re.compile(
    rf"""\s*([NSEW])?\s*([-+\u2212])?\s*{NUMBER}\s*(?:°|º|d|deg)?\s*
    (?:{NUMBER}\s*(?:['′’m]|min)?\s*)?(?:{NUMBER}\s*(?:["″”s]|''|sec)?\s*)?([NSEW])?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
LONGEST = 80  # characters


def read(text: str) -> tuple[float, float] | None:
    """Longitude and latitude; None when it is not coordinates. Latitude is first unless the letters say otherwise."""
    text = text.strip()
    if len(text) > LONGEST or not re.search(r"\d", text):
        return None
    for first, second in halves(text):
        found = pair(part(first), part(second))
        if found:
            return found
    return None


def halves(text: str) -> list[tuple[str, str]]:
    """Ways to cut it in two: at a comma, a semicolon or a slash, after or before a letter, at the only space."""
    for sign in (";", "/", ","):
        if text.count(sign) == 1:
            first, second = text.split(sign)
            return [(first, second)]
    if text.count(",") == 3:  # 47,4, 8,5
        a, b, c, d = text.split(",")
        return [(f"{a}.{b.strip()}", f"{c.strip()}.{d}")]
    cuts = [match.end() for match in re.finditer(r"[NSEW]\s+(?=[-+\d])", text[1:], re.IGNORECASE)]
    cuts += [match.start() for match in re.finditer(r"\s[NSEW]\s*\d", text, re.IGNORECASE)]
    pieces = text.split()
    middle = len(" ".join(pieces[: len(pieces) // 2])) if len(pieces) % 2 == 0 else 0
    return [(text[: cut + 1], text[cut + 1 :]) for cut in cuts] + ([(text[:middle], text[middle:])] if middle else [])


def part(text: str) -> tuple[float, str] | None:
    """Degrees, and the letter that says which way, or ""."""
    match = PART.fullmatch(text)
    if not match:
        return None
    before, sign, degrees, minutes, seconds, after = match.groups()
    letter = (before or after or "").upper()
    if (before and after) or (sign and letter) or float(minutes or 0) >= 60 or float(seconds or 0) >= 60:
        return None
    value = float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    return (-value if sign in ("-", "\u2212") or letter in ("S", "W") else value), letter


def pair(first: tuple[float, str] | None, second: tuple[float, str] | None) -> tuple[float, float] | None:
    if first is None or second is None:
        return None
    (a, one), (b, two) = first, second
    if one in ("E", "W") or two in ("N", "S"):
        (a, one), (b, two) = (b, two), (a, one)
    if one in ("E", "W") or two in ("N", "S") or not (-90 <= a <= 90 and -180 <= b <= 360):
        return None
    return (b - 360 if b > 180 else b), a
