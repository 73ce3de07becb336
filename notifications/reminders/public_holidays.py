"""The holidays of countries and their parts: the one place that needs the extra `holidays`."""

from datetime import date
from functools import lru_cache
from types import ModuleType
from typing import Any


@lru_cache(maxsize=64)
def known_place(place: str) -> str:
    """`DE`, or `DE-BY` with a part; raises ValueError with a sentence for what nobody knows."""
    country, _, part = place.partition("-")
    library = _library()
    try:
        known: Any = library.country_holidays(country if len(country) == 2 else "")
    except (NotImplementedError, AttributeError, KeyError):
        raise ValueError(
            f"no holidays are known for '{country}'; use a two-letter country code such as DE or US"
        ) from None
    if part and part not in known.subdivisions:
        some = ", ".join(known.subdivisions[:6])
        raise ValueError(
            f"'{country}' has no part '{part}'; "
            + (f"known are for example {some}" if some else "it has no parts at all")
        )
    return place


@lru_cache(maxsize=512)
def days_of(place: str, year: int) -> frozenset[date]:
    """The holidays of a place in a year; none for no place."""
    if not place:
        return frozenset()
    country, _, part = place.partition("-")
    return frozenset(_library().country_holidays(country, subdiv=part or None, years=year))


def _library() -> ModuleType:
    try:
        import holidays  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ValueError(
            "holidays need a package that is not installed: install signoff[holidays], run "
            "'make install EXTRAS=holidays' in a checkout, or name the days under days_off"
        ) from None
    return holidays
