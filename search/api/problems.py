"""What is wrong with a request, as one sentence."""

from typing import Any


def first_problem(detail: Any, name: str = "") -> str:
    """The first message of DRF's nested details, led by its field: 'k: Ensure this value is greater than …'."""
    if isinstance(detail, dict):
        key, value = next(iter(detail.items()))
        inner = name if key == "non_field_errors" else f"{name}.{key}".lstrip(".")
        return first_problem(value, inner)
    if isinstance(detail, list):
        return first_problem(next((part for part in detail if part), ""), name)
    return f"{name}: {detail}" if name else str(detail)
