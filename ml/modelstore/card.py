"""What a version's report card says, in words for people who train nothing for a living; and versions side by side."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ml.errors import NoSuchModel
from ml.modelstore.listing import Version

QUALITY = ("precision_10", "knn_20", "effective_rank", "alignment", "uniformity", "agreement")


class Measure(NamedTuple):
    """A number of the card. better: "higher", "lower", or "" where neither is; form: how it is written."""

    key: str
    title: str
    words: str
    better: str = ""
    form: str = "number"  # share, seconds, bytes

    @property
    def is_quality(self) -> bool:
        """Of what it learnt, not of how it was made."""
        return self.key in QUALITY


MEASURES = (
    Measure("precision_10", "Right among the first 10",
            "of the ten nearest images, the share that shows the same as the one asked about", "higher", "share"),
    Measure("knn_20", "Named rightly by its neighbours",
            "share of images whose 20 nearest neighbours, by majority, tell what it shows", "higher", "share"),
    Measure("effective_rank", "Directions in use",
            "in how many independent ways images differ for this encoder; near 1 it has collapsed: all look alike",
            "higher"),
    Measure("alignment", "Distance of two views",
            "how far apart two altered copies of one image lie: 0 together, 4 opposite", "lower"),
    Measure("uniformity", "Spread",
            "how evenly images lie in all directions: 0 all in one place, about −4 all over", "lower"),
    Measure("agreement", "Agreement with the original",
            "likeness of this smaller version's vectors and the original's, of the least alike image; 1 is the same",
            "higher"),
    Measure("images_per_second", "Images a second", "while it was trained", "higher"),
    Measure("seconds", "Time", "that its training took", "", "seconds"),
    Measure("images", "Images", "that it learnt from"),
    Measure("dim", "Numbers per image", "the length of a vector: shorter ones search faster and take less disk"),
    Measure("bytes", "Size", "of its files", "", "bytes"),
)  # fmt: skip


def numbers(version: Version) -> dict[str, float | None]:
    """Of MEASURES, what the card or encoder.json tells; None where nobody measured it."""
    told = {**version.card, "dim": version.dim, "bytes": version.bytes}
    return {one.key: _number(told.get(one.key)) for one in MEASURES}


def curve(version: Version, key: str) -> list[float | None]:
    """ "loss" or "knn": a number an epoch; empty where there is none."""
    found = version.card.get(key)
    values = [_number(value) for value in found] if isinstance(found, list) else []
    return values if any(value is not None for value in values) else []


def collapsed(version: Version) -> bool:
    return version.card.get("collapsed") is True


def compare(versions: Sequence[Version]) -> dict[str, Any]:
    """{"versions": references, "numbers": rows with a value a version, "settings": rows of what differs}.

    A row of numbers names the index of the best, None where it is not known; raises NoSuchModel for fewer than two.
    """
    if len(versions) < 2:
        raise NoSuchModel("Name two encoders or more to compare, such as my-islands/1 my-islands/2.")
    told = [numbers(version) for version in versions]
    columns = [(measure, [one[measure.key] for one in told]) for measure in MEASURES]
    return {
        "versions": [version.reference for version in versions],
        "numbers": [
            {**measure._asdict(), "values": values, "best": best(values, measure.better)}
            for measure, values in columns
            if any(value is not None for value in values)
        ],
        "settings": _differing([settings(version) for version in versions]),
    }


def best(values: Sequence[float | None], better: str) -> int | None:
    """The index of the one best value; None where only one is known, or the first is not better by what is shown."""
    values = [None if value is None else float(f"{value:.3g}") for value in values]
    known = [value for value in values if value is not None]
    if not better or len(known) < 2 or len(set(known)) < 2:
        return None
    choose: Callable[..., float] = max if better == "higher" else min
    chosen = choose(known)
    return values.index(chosen) if known.count(chosen) == 1 else None


def settings(version: Version) -> dict[str, Any]:
    """What made it, flat: encoder.json but for its name and version, then how it was trained."""
    config = {key: value for key, value in version.config.items() if key not in ("name", "version", "sha256")}
    trained = version.card.get("config")
    return _flat(config) | {f"training.{key}": value for key, value in _flat(trained or {}).items()}


def _flat(told: Any, lead: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in told.items() if isinstance(told, dict) else ():
        found |= _flat(value, f"{lead}{key}.") if isinstance(value, dict) and value else {f"{lead}{key}": value}
    return found


def _differing(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = list(dict.fromkeys(key for one in told for key in one))
    rows = [{"key": key, "values": [one.get(key) for one in told]} for key in keys]
    return [row for row in rows if any(value != row["values"][0] for value in row["values"])]


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        return None
    return value
