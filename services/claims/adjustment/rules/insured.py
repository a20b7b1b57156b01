"""One insured person under a personal-accident policy: the own sums, the premiums, what was paid before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.claims.adjustment.rules import explanation
from services.claims.adjustment.rules.caps import Item
from services.claims.adjustment.rules.losses import Claimant
from services.claims.adjustment.rules.overrides import refuse_above
from services.claims.adjustment.rules.terms import AccidentCover
from shared.money import ZERO, half_up


@dataclass(frozen=True)
class PersonAccount:
    """What one insured person has under the policy before this sheet, in yuan.

    `sum_insured`, `premium_charged`, `premium_due`: the person's own, before the cover's. Paid before, outside this
    claim's sheets and advances: disability of the same accident, disability of earlier accidents in the policy period,
    medical in the policy period; `medical_deductible_taken` by other claims of the same accident.
    """

    sum_insured: Decimal | None = None
    premium_charged: Decimal | None = None
    premium_due: Decimal | None = None
    disability_paid_same_accident: Decimal = ZERO
    disability_paid_earlier: Decimal = ZERO
    medical_paid: Decimal = ZERO
    medical_deductible_taken: Decimal = ZERO


@dataclass(frozen=True)
class Insured:
    """One insured person under calculation: terms, own sums, the day of the accident."""

    cover: AccidentCover
    claimant: Claimant
    account: PersonAccount
    accident_on: date | None

    @property
    def ref(self) -> str:
        return self.claimant.ref

    @property
    def sum_insured(self) -> Decimal | None:
        return self.cover.sum_insured if self.account.sum_insured is None else self.account.sum_insured

    @property
    def premiums(self) -> tuple[Decimal, Decimal] | None:
        """Premium charged and due where too little was charged (保险法 art. 32), else None."""
        own, cover, told = self.account, self.cover, self.claimant.premiums
        charged = cover.premium_charged_per_person if own.premium_charged is None else own.premium_charged
        due = cover.premium_due_per_person if own.premium_due is None else own.premium_due
        charged, due = (told.charged, told.due) if told else (charged, due)
        return None if charged is None or due is None or charged >= due else (charged, due)

    def in_proportion(self, amount: Decimal) -> Decimal:
        if self.premiums is None:
            return half_up(amount)
        charged, due = self.premiums
        return half_up(amount * charged / due)

    def reduced(self, item: Item) -> Item:
        """The benefit line × premium charged ÷ premium due."""
        if self.premiums is None:
            return item
        amount = self.in_proportion(item.amount)
        told = self.claimant.premiums
        step = explanation.premium_proportion(*self.premiums, amount, told.misstated if told else None)
        return item.to(amount, step, "premium_due_per_person")


def refuse_beyond(persons: Sequence[Insured], items: Sequence[Item]) -> None:
    """Refuse (422) lines set by hand above what is left of a person's sums."""
    for person in persons:
        own = [item for item in items if item.ref == person.ref]
        account = person.account
        if person.sum_insured is not None:
            paid = account.disability_paid_same_accident + account.disability_paid_earlier
            left = person.in_proportion(person.sum_insured) - paid
            refuse_above(own, lambda item: item.kind in ("death", "disability"), left, "sum_insured")
        if person.cover.medical_sum_insured is not None:
            left = person.in_proportion(person.cover.medical_sum_insured) - account.medical_paid
            refuse_above(own, lambda item: item.kind == "medical", left, "medical_sum_insured")
