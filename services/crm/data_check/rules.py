"""Whether what a customer says of himself is what is stored, and when a difference is settled."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import Conflict, Text


class CheckStatus(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"


class DataStillDiffer(Conflict):
    """Member: `fields`, whose stored value is not yet what the customer stated."""

    code = "data_still_differ"
    title = Text("客户资料尚未更正", "The data have not been corrected")
    detail = Text(
        "以下资料与客户陈述仍不一致：{fields}。",
        "These are not yet stored as the customer stated them: {fields}.",
    )


def same(field: str, stored: str | None, stated: str | None) -> bool:
    """Whether both are the same to whoever reads them: spaces, case and the prefix of a phone make no difference."""
    return stored is not None and stated is not None and _plain(field, stored) == _plain(field, stated)


def _plain(field: str, value: str) -> str:
    text = "".join(value.split())
    if field == "phone":
        digits = "".join(one for one in text if one.isdigit())
        return digits.removeprefix("86") if len(digits) > 11 else digits
    return text.casefold()


def settled(corrected: bool) -> CheckStatus:
    """How a difference ends: what was stored is now what he said, or was right."""
    return CheckStatus.CORRECTED if corrected else CheckStatus.CONFIRMED
