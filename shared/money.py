"""Money: yuan as `Decimal` with two decimals inside, as a string with exactly two decimals outside.

Binary doubles lose cents and JSON numbers are doubles, so numbers, exponents, separators and full-width digits are
refused. Rounding is half-up at each line of a calculation (never only at the end); shares are cut by largest remainder
so that the parts always add up to the whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Annotated, Any, LiteralString

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

_MONEY = re.compile(r"-?[0-9]{1,16}\.[0-9]{2}")
_RATE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


def half_up(amount: Decimal) -> Decimal:
    """`amount` in yuan to the nearest 0.01, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def yuan(amount: Decimal) -> str:
    """`amount` as it is written in JSON and in sentences: `1234.50`."""
    return f"{half_up(amount):.2f}"


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Cut `total` (yuan, whole cents, ≥ 0) in proportion to `weights` to 0.01, the parts adding up exactly.

    Largest remainder; equal remainders go to the earlier weight. With no positive weight every part is zero.
    """
    whole = sum(weights, Decimal(0))
    if whole <= 0:
        return [ZERO for _ in weights]
    exact = [total * weight / whole for weight in weights]
    parts = [share.quantize(CENT, rounding=ROUND_DOWN) for share in exact]
    missing = int((total - sum(parts, ZERO)) / CENT)
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[:missing]:
        parts[i] += CENT
    return parts


def _read(pattern: re.Pattern[str], code: LiteralString, hint: LiteralString, *, negative: bool):
    def read(value: Any) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, str) and pattern.fullmatch(value) and (negative or not value.startswith("-")):
            return Decimal(value)
        raise PydanticCustomError(code, hint)

    return read


def _two_decimals(value: Decimal) -> str:
    return f"{value:.2f}"


def _plain(value: Decimal) -> str:
    return format(value, "f")


_MONEY_HINT = 'Send money as a string with exactly two decimals, such as "46800.00".'
_RATE_HINT = 'Send a rate as a decimal string, such as "0.10".'

Money = Annotated[
    Decimal,
    BeforeValidator(_read(_MONEY, "money_format", _MONEY_HINT, negative=False)),
    PlainSerializer(_two_decimals, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,16}\.[0-9]{2}$", "examples": ["46800.00"]}),
]
"""Yuan, ≥ 0."""

SignedMoney = Annotated[
    Decimal,
    BeforeValidator(_read(_MONEY, "money_format", _MONEY_HINT, negative=True)),
    PlainSerializer(_two_decimals, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,16}\.[0-9]{2}$", "examples": ["-120.00"]}),
]
"""Yuan, of either sign."""

Rate = Annotated[
    Decimal,
    BeforeValidator(_read(_RATE, "rate_format", _RATE_HINT, negative=False)),
    PlainSerializer(_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,6})?$", "examples": ["0.10"]}),
]
"""A rate or share as a decimal number, `0.10` for ten per cent."""
