"""Numbers as pages write them."""

import math

from django import template

register = template.Library()


@register.filter
def thousands(value: int) -> str:
    """12800 -> 12,800"""
    return f"{value:,}"


@register.filter
def percent(share: float | None) -> str:
    """0.9847 -> 98.4 %, never rounded up; None -> –"""
    return "–" if share is None else f"{math.floor(share * 1000 + 1e-6) / 10:g} %"
