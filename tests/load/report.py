"""What `make load` prints."""

from typing import Any

from tests.load.tally import Tally

TIMES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")


def print_slice(at: float, found: dict[str, Any], failed: int, memory: str) -> None:
    times = f"p50 {shown(found['p50_ms'])} ms  p99 {shown(found['p99_ms'])} ms"
    print(f"{at:>6.0f} s {found['per_second']:>7.1f}/s  {times}  not 200: {failed}  memory {memory}", flush=True)


def print_rows(rows: list[dict[str, Any]], tally: Tally) -> None:
    print(f"{'':<12} {'200':>8} {'per s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'max ms':>8}  others")
    for row in rows:
        times = " ".join(f"{shown(row[name]):>8}" for name in TIMES)
        print(f"{row['kind']:<12} {row['answered']:>8} {row['per_second']:>8.1f} {times}  {others(row['statuses'])}")
    if tally.retry_after:
        low, high = min(tally.retry_after), max(tally.retry_after)
        print(f"Retry-After: {low:.0f} to {high:.0f} s; {tally.bare} answers 503 without it")


def others(statuses: dict[int, int]) -> str:
    found = [f"{count} x {status or 'broken'}" for status, count in statuses.items() if status != 200]
    return ", ".join(found) or "-"


def memory(found: dict[str, dict[str, float]]) -> str:
    """web.1 210 (180), …: resident and own, MB"""
    web = {name: one for name, one in found.items() if not name.startswith(("worker", "beat", "redis"))}
    return ", ".join(f"{name} {one['resident']:.0f} ({one['own']:.0f})" for name, one in web.items()) or "?"


def growth(measured: list[dict[str, Any]]) -> str:
    """Own memory of the web processes together, from a quarter of the time (caches are full by then) to the end."""
    quarter, end = (sum_of(measured[at]["processes"]) for at in (len(measured) // 4, -1))
    return f"own memory of the web processes: {quarter:.0f} MB after a quarter of the time, {end:.0f} MB at the end"


def sum_of(found: dict[str, dict[str, float]]) -> float:
    return sum(one["own"] for name, one in found.items() if not name.startswith(("worker", "beat", "redis")))


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
