"""The calculation sheet: what the engine answers, and its shape in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.claims.adjustment.rules.caps import Item, total
from services.claims.adjustment.rules.clauses import Clauses
from services.claims.adjustment.rules.explanation import told
from services.claims.adjustment.rules.terms import EMPTY
from shared.errors import Text
from shared.money import ZERO, half_up, yuan

Used = Mapping[str, Decimal | Mapping[str, Decimal]]


@dataclass(frozen=True)
class SheetLine:
    """One line; `claimant_ref` is None for an expense. Yuan at the whole (100 %) share, half-up.

    `terms`: the cover terms that made it what it is; `clause_ids`: the clauses that carry them, where that is recorded.
    """

    claimant_ref: str | None
    kind: str
    amount: Decimal
    explanation: Text
    clause_ids: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimantTotal:
    """What the lines of one claimant make together, in yuan."""

    ref: str
    amount: Decimal


@dataclass(frozen=True)
class RecoveryItem:
    """What may be recovered from others, by claimant: at the whole share, and this insurer's part of it, in yuan."""

    claimant_ref: str
    kind: str
    amount: Decimal
    own_share_amount: Decimal
    explanation: Text


@dataclass(frozen=True)
class Sheet:
    """A calculation. `gross_amount` = indemnity + expenses at the whole share: the amount that authority is tested on.

    `own_share_amount`: this insurer's part of the gross under co-insurance; `coinsurer_amount` the others' part.
    `advances_deducted` never exceeds the own share: what was advanced beyond it is `overpayment_amount` and the flag
    `overpayment`. `limits_used`: what this sheet takes of each limit the policy has.
    """

    lines: tuple[SheetLine, ...]
    claimants: tuple[ClaimantTotal, ...]
    indemnity_amount: Decimal
    expense_amount: Decimal
    gross_amount: Decimal
    own_share_amount: Decimal
    coinsurer_amount: Decimal
    advances_deducted: Decimal
    overpayment_amount: Decimal
    payable_amount: Decimal
    recovery_items: tuple[RecoveryItem, ...] = ()
    limits_used: Used = field(default_factory=lambda: EMPTY)
    flags: tuple[str, ...] = ()
    unacknowledged_clause_ids: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The sheet as it is stored and answered: amounts as two-decimal strings, texts as `{zh, en}`."""
        return {
            "lines": [
                {
                    "claimant_ref": line.claimant_ref,
                    "kind": line.kind,
                    "amount": yuan(line.amount),
                    "explanation": line.explanation._asdict(),
                    "clause_ids": list(line.clause_ids),
                    "terms": list(line.terms),
                }
                for line in self.lines
            ],
            "claimants": [{"ref": one.ref, "amount": yuan(one.amount)} for one in self.claimants],
            "indemnity_amount": yuan(self.indemnity_amount),
            "expense_amount": yuan(self.expense_amount),
            "gross_amount": yuan(self.gross_amount),
            "own_share_amount": yuan(self.own_share_amount),
            "coinsurer_amount": yuan(self.coinsurer_amount),
            "advances_deducted": yuan(self.advances_deducted),
            "overpayment_amount": yuan(self.overpayment_amount),
            "payable_amount": yuan(self.payable_amount),
            "recovery_items": [
                {
                    "claimant_ref": one.claimant_ref,
                    "kind": one.kind,
                    "amount": yuan(one.amount),
                    "own_share_amount": yuan(one.own_share_amount),
                    "explanation": one.explanation._asdict(),
                }
                for one in self.recovery_items
            ],
            "limits_used": {
                name: {key: yuan(part) for key, part in used.items()} if isinstance(used, Mapping) else yuan(used)
                for name, used in self.limits_used.items()
            },
            "flags": list(self.flags),
            "unacknowledged_clause_ids": list(self.unacknowledged_clause_ids),
        }


def draw_up(
    indemnity: Sequence[Item],
    expenses: Sequence[Item],
    refs: Sequence[str],
    *,
    own_share: Decimal,
    advances: Decimal,
    clauses: Clauses,
    recovery_items: Sequence[RecoveryItem] = (),
    limits_used: Used = EMPTY,
    flags: Sequence[str] = (),
) -> Sheet:
    """The sheet of the finished items: totals, co-insurance, advances, citations and flags."""
    items = (*indemnity, *expenses)
    gross = total(items)
    own = half_up(gross * own_share)
    deducted = min(advances, own)
    unacknowledged, relies_on_unacknowledged = clauses.unacknowledged(items)
    raised = [*flags]
    raised += ["exclusion_not_acknowledged"] if relies_on_unacknowledged else []
    raised += ["overpayment"] if advances > own else []
    return Sheet(
        lines=tuple(_line(item, clauses) for item in items),
        claimants=tuple(ClaimantTotal(ref, total([one for one in indemnity if one.ref == ref])) for ref in refs),
        indemnity_amount=total(indemnity),
        expense_amount=total(expenses),
        gross_amount=gross,
        own_share_amount=own,
        coinsurer_amount=gross - own,
        advances_deducted=deducted,
        overpayment_amount=max(ZERO, advances - own),
        payable_amount=own - deducted,
        recovery_items=tuple(recovery_items),
        limits_used=limits_used,
        flags=tuple(raised),
        unacknowledged_clause_ids=unacknowledged,
    )


def _line(item: Item, clauses: Clauses) -> SheetLine:
    explanation = told(item.kind, item.steps, item.amount)
    return SheetLine(item.ref, item.kind, item.amount, explanation, clauses.cited(item), tuple(sorted(item.terms)))
