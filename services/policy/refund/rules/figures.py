"""The figures of a product that a computation needs: they are data of the contract, never of the code."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.errors import Conflict, Text
from shared.money import half_up


class FiguresMissing(Conflict):
    """Member: `missing`, the figure the product does not state."""

    code = "refund_figures_missing"
    title = Text("产品未载明退费参数", "The product does not state its refund figures")
    detail = Text("产品未载明退费计算参数({missing})，无法计算。", "The product does not state {missing}.")


@dataclass(frozen=True, slots=True)
class Figures:
    """`loading`: the part of a premium that is not returned (personal accident). `handling_fee` in yuan or
    `handling_fee_rate` of the premium: what is kept where cover has not begun. `short_period`: (months begun, share
    earned), the same or higher with every row; without it the premium is earned day by day.
    """

    loading: Decimal | None = None
    handling_fee: Decimal | None = None
    handling_fee_rate: Decimal | None = None
    short_period: tuple[tuple[int, Decimal], ...] = ()

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Figures:
        """The figures of a product's refund rule; a table that falls or exceeds the whole raises `ValueError`."""
        table = tuple((int(one["months"]), Decimal(one["earned"])) for one in content.get("short_period") or ())
        if list(table) != sorted(table) or any(a[1] > b[1] for a, b in itertools.pairwise(table)):
            raise ValueError("a short-period table never falls")
        if any(not 0 <= earned <= 1 for _, earned in table):
            raise ValueError("a share earned lies between 0 and 1")
        names = ("loading", "handling_fee", "handling_fee_rate")
        return cls(short_period=table, **{name: _decimal(content.get(name)) for name in names})

    def loading_stated(self) -> Decimal:
        """Raises `FiguresMissing`."""
        if self.loading is None:
            raise FiguresMissing(missing="loading")
        return self.loading

    def fee_stated(self, premium: Decimal) -> Decimal:
        """The fee kept of a premium, both in yuan. Raises `FiguresMissing`."""
        if self.handling_fee is not None:
            return self.handling_fee
        if self.handling_fee_rate is None:
            raise FiguresMissing(missing="handling_fee")
        return half_up(premium * self.handling_fee_rate)

    def earned_after(self, months: int) -> Decimal:
        """The share earned once `months` have begun; the whole beyond the table."""
        return next((earned for upto, earned in self.short_period if months <= upto), Decimal(1))


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
