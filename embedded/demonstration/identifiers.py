"""Identifiers that are formally valid and visibly invented.

A resident id has a real region code and birth date, an order code of 980 or more, which registration offices hardly
give out, and its check character. A unified social credit code carries an organisation code that begins with `XX`,
which no registrar gives out. Telephone numbers all lie in 1380000xxxx.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

# A prime larger than any span of birth days used, so that stepping by it visits every day of the span once.
_DAY_STEP = 104729


class Births(NamedTuple):
    """A span of birth days and the first of ten order codes: room for `10 × days` distinct persons in one county."""

    first: date
    days: int
    first_order: int


def resident_id(area_code: str, born_on: date, order: int) -> str:
    """GB 11643: county, birth date, three-digit order code and the check character of ISO 7064 MOD 11-2."""
    body = f"{area_code}{born_on:%Y%m%d}{order:03d}"
    return body + resident_id_check(body)


def resident_id_check(body: str) -> str:
    """The check character of the first 17 digits of a resident id."""
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def invented_resident_id(area_code: str, number: int, births: Births) -> str:
    """The resident id of the `number`-th invented person (≥ 0) of a county, distinct within the room of `births`."""
    born_on = births.first + timedelta(days=number * _DAY_STEP % births.days)
    return resident_id(area_code, born_on, births.first_order + number // births.days % 10)


def invented_uscc(category: str, area_code: str, number: int) -> str:
    """A unified social credit code (GB 32100): category, county, `XX` and six digits, two check characters.

    `category` is `91` for an enterprise and `12` for a public institution such as a school.
    """
    organisation = f"XX{number:06d}"
    body = f"{category}{area_code}{organisation}{organisation_code_check(organisation)}"
    return body + uscc_check(body)


def organisation_code_check(body: str) -> str:
    """The check character of an eight-character organisation code (GB 11714, modulus 11)."""
    total = sum(int(sign, 36) * weight for sign, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0X987654321"[total % 11]


def uscc_check(body: str) -> str:
    """The check character of the first 17 characters of a unified social credit code (GB 32100, modulus 31)."""
    total = sum(_USCC_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return _USCC_ALPHABET[-total % 31]


def invented_phone(number: int) -> str:
    """The `number`-th telephone number (0 ≤ `number` < 10,000, then from the start again) of the block 1380000xxxx."""
    return f"1380000{number % 10_000:04d}"
