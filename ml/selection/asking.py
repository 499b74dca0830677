"""Reading a recipe's fields: each returns what was asked, or raises BadSelection with what to write instead."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ml.errors import BadSelection

_SUM = 1e-3  # how far from 1 given shares may sum


def fields(data: Any, what: str, known: Sequence[str] | None) -> None:
    """An object with no other fields than these; None: any."""
    if not isinstance(data, Mapping):
        raise BadSelection(f"{what} must be a JSON object, not {_said(data)}.")
    unknown = [] if known is None else [str(name) for name in data if name not in known]
    if unknown:
        raise BadSelection(f"Unknown in {what}: {', '.join(unknown)}. Known are {', '.join(known or [])}.")


def whole(data: Mapping[str, Any], name: str, *, least: int, most: int | None = None) -> int | None:
    """None when absent or null."""
    value = data.get(name)
    if value is None:
        return None
    wanted = f"a whole number from {least}" + (f" to {most}" if most is not None else " on")
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        raise BadSelection(f"{name} must be {wanted}, not {_said(value)}.")
    return value


def number(
    data: Mapping[str, Any], name: str, *, above: float | None = None, least: float | None = None, most: float
) -> float | None:
    """None when absent or null."""
    value = data.get(name)
    if value is None:
        return None
    wanted = (
        f"a number above {above:g} and up to {most:g}" if above is not None else f"a number from {least} to {most:g}"
    )
    low = _is_number(value) and ((above is not None and value <= above) or (least is not None and value < least))
    if not _is_number(value) or low or value > most:
        raise BadSelection(f"{name} must be {wanted}, not {_said(value)}.")
    return float(value)


def choice(data: Mapping[str, Any], name: str, known: tuple[str, ...], default: str | None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str) or value not in known:
        raise BadSelection(f"{name} must be {_either(known)}, not {_said(value)}.")
    return value


def name(data: Mapping[str, Any], field: str, what: str) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise BadSelection(f'{what} needs the name of a {field}: "{field}": "…".')
    return value


def span(column: str, both: Any) -> tuple[float | None, float | None]:
    """[least, most], either null."""
    if not isinstance(both, list | tuple) or len(both) != 2:
        raise BadSelection(f"The threshold on {column} must be [least, most], either of them null, not {_said(both)}.")
    if any(one is not None and not _is_number(one) for one in both):
        raise BadSelection(f"The threshold on {column} must be two numbers, or null for none, not {_said(both)}.")
    low, high = (None if one is None else float(one) for one in both)
    if low is not None and high is not None and low > high:
        raise BadSelection(f"The threshold on {column} goes from {low:g} to {high:g}: nothing lies between. Swap them.")
    return low, high


def target(value: Any) -> str | dict[str, float]:
    """ "uniform", "input", or a share for each class."""
    if value is None:
        return "uniform"
    if isinstance(value, str) and value in ("uniform", "input"):
        return value
    if not isinstance(value, Mapping) or not value:
        raise BadSelection(
            f'target must be "uniform", "input", or shares as {{"a": 0.5, "b": 0.5}}, not {_said(value)}.'
        )
    wrong = [str(name) for name, share in value.items() if not _is_number(share) or share < 0]
    if wrong:
        raise BadSelection(f"The share of {', '.join(wrong)} must be a number from 0 to 1.")
    total = sum(value.values())
    if abs(total - 1) > _SUM:
        raise BadSelection(f"The target's shares sum to {total:g}; they must sum to 1.")
    return {str(name): float(share) for name, share in value.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _either(known: Sequence[str]) -> str:
    *others, last = [f'"{one}"' for one in known]
    return f"{', '.join(others)} or {last}"


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
