"""Reading of cover terms and assessed facts as they are stored in JSON: exact decimals, never binary numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from services.claims.adjustment.rules.refusals import (
    AmountNegative,
    DaysNegative,
    FaultRatioOutOfRange,
    ValueUnreadable,
)
from shared.money import half_up


def decimal_or_none(value: Any, pointer: str, value_kind: str = "amount") -> Decimal | None:
    """`value` as an exact number. Strings, integers and decimals only; 422 for anything else, None stays None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueUnreadable.at(pointer, value_kind=value_kind)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueUnreadable.at(pointer, value_kind=value_kind) from None
    if not number.is_finite():
        raise ValueUnreadable.at(pointer, value_kind=value_kind)
    return number


def amount_or_none(source: Mapping[str, Any], name: str, pointer: str) -> Decimal | None:
    """Yuan ≥ 0, to the cent."""
    number = decimal_or_none(source.get(name), f"{pointer}/{name}")
    if number is None:
        return None
    if number < 0:
        raise AmountNegative.at(f"{pointer}/{name}")
    return half_up(number)


def share_or_none(source: Mapping[str, Any], name: str, pointer: str) -> Decimal | None:
    """A share of a whole: 0 to 1."""
    number = decimal_or_none(source.get(name), f"{pointer}/{name}", "rate")
    if number is not None and not 0 <= number <= 1:
        raise FaultRatioOutOfRange.at(f"{pointer}/{name}")
    return number


def count_or_none(source: Mapping[str, Any], name: str, pointer: str) -> int | None:
    """A whole number as JSON writes it; its sign is the caller's matter."""
    value = source.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueUnreadable.at(f"{pointer}/{name}", value_kind="whole number")
    try:
        return int(value)
    except ValueError:
        raise ValueUnreadable.at(f"{pointer}/{name}", value_kind="whole number") from None


def days_or_none(source: Mapping[str, Any], name: str, pointer: str) -> int | None:
    """Days ≥ 0."""
    days = count_or_none(source, name, pointer)
    if days is not None and days < 0:
        raise DaysNegative.at(f"{pointer}/{name}")
    return days


def day_or_none(source: Mapping[str, Any], name: str, pointer: str) -> date | None:
    """A calendar day, `2026-08-12`."""
    value = source.get(name)
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueUnreadable.at(f"{pointer}/{name}", value_kind="day") from None


def rows(source: Mapping[str, Any], name: str, pointer: str) -> list[Mapping[str, Any]]:
    """A list of objects, empty when absent."""
    value = source.get(name)
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, Mapping) for one in value):
        raise ValueUnreadable.at(f"{pointer}/{name}", value_kind="list of objects")
    return list(value)
