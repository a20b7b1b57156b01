"""What a version made here says, and who stands on its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shared.money import ZERO


@dataclass(frozen=True, kw_only=True)
class Insured:
    """Somebody on a list, covered from one day to the day before another."""

    ref: str
    name: str
    id_type: str
    id_no: str
    id_digest: str
    occupation_class: int | None
    covered_from: date
    covered_to: date
    sum_insured: Decimal | None
    beneficiaries: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a version says. Amounts in yuan; `instalments` are the amounts that `premium_delta` is made of, each with
    whether loading is taken out already and, where it is not that of the version, the beginning of what it pays for.
    `people` None: the list stays as it is.
    """

    kind: str
    no: str
    effective_at: datetime
    reason: str | None = None
    status: str = "in_force"
    ended_at: datetime | None = None
    ends_at: datetime | None = None
    cover: dict[str, Any] | None = None
    exclusions: list[dict[str, Any]] | None = None
    premium_delta: Decimal = ZERO
    refund_amount: Decimal = ZERO
    instalments: Sequence[tuple[Decimal, bool, datetime | None]] = ()
    insured_count: int | None = None
    people: Sequence[Insured] | None = None
    more: dict[str, Any] = field(default_factory=dict)
