"""Numbers that must not stand in plain text: identity numbers, mobile phones, bank accounts. Told by their own checks.

Free text about a person's health has no such check: that events carry none is the business of their schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

_EDGE_BEFORE, _EDGE_AFTER = r"(?<![0-9A-Za-z-])", r"(?![0-9A-Za-z-])"
_IDENTITY = re.compile(rf"{_EDGE_BEFORE}(\d{{17}}[\dXx]){_EDGE_AFTER}")
_PHONE = re.compile(rf"{_EDGE_BEFORE}(1[3-9]\d{{9}}){_EDGE_AFTER}")
_ACCOUNT = re.compile(rf"{_EDGE_BEFORE}(\d{{16,19}}){_EDGE_AFTER}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def is_identity_number(text: str) -> bool:
    """A resident identity number: born on a day that there was, and with the right last character (GB 11643)."""
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return _CHECKS[sum(int(one) * weight for one, weight in zip(text, _WEIGHTS, strict=False)) % 11] == text[17].upper()


def is_account_number(text: str) -> bool:
    """A bank card's number: its digits pass the Luhn check."""
    turned = [int(one) for one in reversed(text)]
    return sum(turned[0::2] + [sum(divmod(2 * one, 10)) for one in turned[1::2]]) % 10 == 0


def identity_numbers(text: str) -> list[str]:
    """Every identity number in a text."""
    return [one for one in _IDENTITY.findall(text) if is_identity_number(one)]


def unmasked(value: Any) -> set[str]:
    """What kinds of numbers stand in plain text anywhere in a document."""
    found = set()
    for text in _texts(value):
        if identity_numbers(text):
            found.add("an identity number")
        if _PHONE.search(text):
            found.add("a phone number")
        if any(is_account_number(one) for one in _ACCOUNT.findall(text)):
            found.add("an account number")
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
