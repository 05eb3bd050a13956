"""Numbers and times as a reader wants them, in the language that is spoken."""

from datetime import UTC, datetime
from typing import Any

from babel.dates import format_datetime
from babel.numbers import format_decimal

from reports.words import language, recorded, tell

__all__ = [
    "FILTERS", "capital", "clock", "count", "date", "exact", "interval", "milliseconds", "percent", "seconds", "short",
]  # fmt: skip

MISSING = "\N{EN DASH}"


def decimal(value: float, digits: int = 0) -> str:
    """`1,234.50`, in German `1.234,50`."""
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return format_decimal(value, format=pattern, locale=language().locale)


def short(value: float) -> str:
    """`0.5`, `2`, `1,000`: a round number, with no more digits than it has."""
    text = format_decimal(value, format="#,##0.######", locale=language().locale)
    return text.replace("-", "\N{MINUS SIGN}")


def seconds(value: float | None) -> str:
    """`1.21 s`; milliseconds below a tenth of a second."""
    if value is None:
        return MISSING
    if 0 < abs(value) < 0.1:  # noqa: PLR2004 - below it, seconds would need leading zeros
        return milliseconds(value * 1e3)
    return f"{decimal(value, 2 if abs(value) < 100 else 0)} s"  # noqa: PLR2004


def exact(value: float | None) -> str:
    """`1.208 s`: for tables in which milliseconds are compared."""
    return MISSING if value is None else f"{decimal(value, 3)} s"


def interval(value: float | None) -> str:
    """`2 s`, `0.5 s`: a length that somebody chose."""
    return MISSING if value is None else f"{short(value)} s"


def milliseconds(value: float | None) -> str:
    """`4.2 ms`, `120 ms`."""
    if value is None:
        return MISSING
    return f"{decimal(value, 1 if abs(value) < 10 else 0)} ms"  # noqa: PLR2004


def count(value: int | None) -> str:
    """`1,234`."""
    return MISSING if value is None else decimal(value)


def percent(value: float | None) -> str:
    """A share of 0 to 1 as `99.95 %`; 100 % only where nothing at all is missing."""
    if value is None:
        return MISSING
    if value in {0, 1}:
        return f"{decimal(value * 100)} %"
    return f"{decimal(min(max(value, 0.0001), 0.9999) * 100, 2)} %"


def date(at_ns: Any) -> str:
    """`28 May 2026, 20:26 UTC`, in German `28. Mai 2026, 20:26 UTC`."""
    at = _time(at_ns)
    if at is None:
        return MISSING
    pattern = "d. MMMM y, HH:mm" if language().locale.language == "de" else "d MMMM y, HH:mm"
    return f"{format_datetime(at, pattern, locale=language().locale)} UTC"


def clock(at_ns: Any) -> str:
    """`20:26:40.113`, UTC."""
    at = _time(at_ns)
    return MISSING if at is None else language().number(at.strftime("%H:%M:%S.%f")[:-3])


def capital(text: Any) -> str:
    """A sentence told, with a capital at its beginning."""
    told = str(tell(text))
    return told[:1].upper() + told[1:]


def _time(at_ns: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(at_ns / 1e9, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


FILTERS = {
    "seconds": seconds,
    "exact": exact,
    "interval": interval,
    "milliseconds": milliseconds,
    "count": count,
    "percent": percent,
    "date": date,
    "clock": clock,
    "capital": capital,
    "recorded": recorded,
}
