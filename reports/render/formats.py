"""Numbers and times as a reader wants them."""

from datetime import UTC, datetime
from typing import Any

__all__ = ["FILTERS", "clock", "count", "date", "exact", "interval", "milliseconds", "percent", "seconds"]

MISSING = "\N{EN DASH}"


def seconds(value: float | None) -> str:
    """`1.21 s`; milliseconds below a tenth of a second."""
    if value is None:
        return MISSING
    if 0 < abs(value) < 0.1:  # noqa: PLR2004 - below it, seconds would need leading zeros
        return milliseconds(value * 1e3)
    return f"{value:.2f} s" if abs(value) < 100 else f"{value:,.0f} s"  # noqa: PLR2004


def exact(value: float | None) -> str:
    """`1.208 s`: for tables in which milliseconds are compared."""
    return MISSING if value is None else f"{value:,.3f} s"


def interval(value: float | None) -> str:
    """`2 s`, `0.5 s`: a length that somebody chose."""
    return MISSING if value is None else f"{value:g} s"


def milliseconds(value: float | None) -> str:
    """`4.2 ms`, `120 ms`."""
    if value is None:
        return MISSING
    return f"{value:.1f} ms" if abs(value) < 10 else f"{value:,.0f} ms"  # noqa: PLR2004


def count(value: int | None) -> str:
    """`1,234`."""
    return MISSING if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """A share of 0 to 1 as `99.95 %`; 100 % only where nothing at all is missing."""
    if value is None:
        return MISSING
    if value in {0, 1}:
        return f"{value:.0%}".replace("%", " %")
    return f"{min(max(value, 0.0001), 0.9999) * 100:.2f} %"


def date(at_ns: Any) -> str:
    """`28 May 2026, 20:26 UTC`."""
    return _formatted(at_ns, "%d %B %Y, %H:%M UTC").lstrip("0")


def clock(at_ns: Any) -> str:
    """`20:26:40.113`, UTC."""
    text = _formatted(at_ns, "%H:%M:%S.%f")
    return text[:-3] if text != MISSING else text


def _formatted(at_ns: Any, pattern: str) -> str:
    try:
        return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime(pattern)
    except (TypeError, ValueError, OverflowError, OSError):
        return MISSING


FILTERS = {
    "seconds": seconds,
    "exact": exact,
    "interval": interval,
    "milliseconds": milliseconds,
    "count": count,
    "percent": percent,
    "date": date,
    "clock": clock,
}
