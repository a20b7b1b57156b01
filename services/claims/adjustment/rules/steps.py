"""Who may assess and calculate a claim and when; and what a stored sheet must still agree with when it is decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims.adjustment.rules.losses import AssessedFacts
from services.claims.adjustment.rules.sheet import Sheet
from services.claims.claim.rules import (
    FORBIDDEN,
    ClaimStatus,
    Duty,
    Held,
    advance,
    forbidden_for_assessment,
    legal_moves,
    refuse_if_held,
)
from shared.errors import Conflict, SeparationOfDuties, StateConflict, Text
from shared.money import ZERO, yuan

_S = ClaimStatus

DEATH_KINDS = frozenset({"death", "death_compensation", "funeral"})

ASSESSABLE = frozenset(
    {
        *(_S.REGISTERED, _S.ASSESSING, _S.DOCUMENTS_PENDING, _S.DOCUMENTS_COMPLETE),
        *(_S.CALCULATED, _S.RETURNED, _S.REOPENED),
    }
)
CALCULABLE = frozenset({_S.DOCUMENTS_COMPLETE, _S.CALCULATED, _S.IN_APPROVAL, _S.RETURNED})


class PolicyNotMatched(Conflict):
    """There is no policy to assess or calculate by."""

    code = "policy_not_matched"
    title = Text("赔案尚未匹配保单", "The claim has no policy yet")
    detail = Text("请先匹配保单，再定损或理算。", "Match the claim to its policy first; it is calculated by its terms.")


class LossesMissing(Conflict):
    code = "losses_missing"
    title = Text("尚未定损", "Nothing has been assessed yet")
    detail = Text("请先录入定损结果，再理算。", "Assess the losses first; the sheet is calculated from them.")


class LimitExhausted(Conflict):
    """Members: `gross_amount` of the sheet and `available_amount`, strings of yuan."""

    code = "limit_exhausted"
    title = Text("保单限额已被占用", "The limit has been used by another claim")
    detail = Text(
        "计算书金额 {gross_amount} 元，保单限额仅余可赔 {available_amount} 元，请重新理算。",
        "The sheet pays {gross_amount}, the limits leave {available_amount}; calculate again.",
    )


class SheetOutdated(Conflict):
    """Members: `sheet_version` and `changed`: `losses`, `policy_version`, `content` (its digest), `paid_before`."""

    code = "sheet_outdated"
    title = Text("计算书的依据已变更", "What the sheet rests on has changed")
    detail = Text(
        "第 {sheet_version} 版计算书的依据已变更({changed})，请重新理算。",
        "Sheet {sheet_version} rests on what has changed since ({changed}); calculate again.",
    )


def may_assess(
    status: ClaimStatus,
    line: str | None,
    duties: Iterable[Held],
    persons: Collection[UUID],
    interested: Collection[UUID],
) -> None:
    """Whether the losses may be assessed now by these persons (the caller, and the one on whose behalf he acts).

    403 for a duty that must be separate or an interest of one's own, 409 for a state or a missing policy. The surveyor
    may assess small injuries: `refuse_surveyor` is asked with the facts.
    """
    refuse_persons(duties, persons, interested, FORBIDDEN[Duty.ADJUSTER] - {Duty.SURVEYOR})
    if status not in ASSESSABLE:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))
    if line is None:
        raise PolicyNotMatched()


def may_calculate(
    status: ClaimStatus,
    line: str | None,
    duties: Iterable[Held],
    persons: Collection[UUID],
    interested: Collection[UUID],
) -> None:
    """Whether a sheet may be calculated now by these persons; never by the surveyor. Refuses like `may_assess`."""
    refuse_persons(duties, persons, interested, FORBIDDEN[Duty.ADJUSTER])
    if status not in CALCULABLE:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))
    if line is None:
        raise PolicyNotMatched()


def refuse_persons(
    duties: Iterable[Held], persons: Collection[UUID], interested: Collection[UUID], forbidden: Collection[Any]
) -> None:
    """Refuse (403) persons with a duty that must be separate from the adjuster's, or with an interest of their own."""
    held = tuple(duties)
    for person in persons:
        refuse_if_held(held, person, forbidden, taking=Duty.ADJUSTER)
        if person in interested:
            raise SeparationOfDuties(conflicting_duty="interested_party", taking=str(Duty.ADJUSTER))


def refuse_surveyor(
    duties: Iterable[Held], persons: Collection[UUID], facts: AssessedFacts, threshold: Decimal
) -> None:
    """Above `threshold` yuan of injury the surveyor may not be the assessor (403). An amount that only a scale tells
    counts as above."""
    amount = injury_amount(facts)
    forbidden = {Duty.SURVEYOR} if amount is None else forbidden_for_assessment(amount, threshold)
    held = tuple(duties)
    for person in persons:
        refuse_if_held(held, person, forbidden, taking=Duty.ADJUSTER)


def injury_amount(facts: AssessedFacts) -> Decimal | None:
    """What is claimed for bodily injury, in yuan; None where a loss states no amount."""
    amounts = [loss.amount for one in facts.claimants for loss in one.losses if loss.kind != "property"]
    return None if any(one is None for one in amounts) else sum((one or ZERO for one in amounts), ZERO)


def counts_of(facts: AssessedFacts) -> tuple[int, int]:
    """Persons dead and persons injured but alive, as the assessment tells them."""
    kinds = [{loss.kind for loss in one.losses} - {"property"} for one in facts.claimants]
    dead = sum(1 for one in kinds if one & DEATH_KINDS)
    return dead, sum(1 for one in kinds if one) - dead


def after_assessment(status: ClaimStatus, documents_complete: bool) -> tuple[ClaimStatus, ...]:
    """The states the claim goes through: assessment begins where it is registered or reopened; papers that have all
    come in before leave nothing to wait for."""
    if status not in (_S.REGISTERED, _S.REOPENED):
        return ()
    begun = advance(status, _S.ASSESSING)
    return (begun, advance(begun, _S.DOCUMENTS_COMPLETE)) if documents_complete else (begun,)


def refuse_changed_basis(sheet_version: int, stored: Mapping[str, Any], again: Sheet) -> None:
    """Refuse (409) to decide on a sheet that would be lower if it were calculated now.

    `stored`: the content of the sheet; `again`: the same facts with the limits as they are left now.
    """
    claimants = {one["ref"]: Decimal(one["amount"]) for one in stored["claimants"]}
    less = any(one.amount < claimants[one.ref] for one in again.claimants)
    if again.gross_amount < Decimal(stored["gross_amount"]) or less:
        raise LimitExhausted(gross_amount=stored["gross_amount"], available_amount=yuan(again.gross_amount))
    if again.payable_amount < Decimal(stored["payable_amount"]):
        raise SheetOutdated(sheet_version=sheet_version, changed=["paid_before"])
