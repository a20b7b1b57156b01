"""Reading what was decided, agreed, told and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.adjustment import queries as adjustment
from services.claims.adjustment.rules import Beneficiary
from services.claims.agreement import rules
from services.claims.agreement.tables import Explanation, ResultNotice, SettlementAgreement
from services.claims.approval.tables import ApprovalStep
from services.claims.claim.rules import BEFORE_DECISION, Outcome, legal_moves
from services.claims.claim.tables import Claim
from shared.clock import SHANGHAI
from shared.database import Transaction
from shared.errors import StateConflict


async def deciding_step(tx: Transaction, claim: Claim) -> ApprovalStep | None:
    """The act that decided the sheet in force; None while nobody has."""
    statement = select(ApprovalStep).where(
        ApprovalStep.claim_id == claim.id,
        ApprovalStep.side_id.is_(None),
        ApprovalStep.sheet_version == claim.sheet_version,
        ApprovalStep.kind == "decision",
        ApprovalStep.outcome != "return",
    )
    return await tx.scalar(statement.order_by(ApprovalStep.created_at.desc(), ApprovalStep.id.desc()).limit(1))


async def decision_of(tx: Transaction, claim: Claim) -> rules.Decision:
    """What was decided, with the grounds of the deciding act. Raises `StateConflict` before the decision."""
    if claim.state in BEFORE_DECISION or claim.outcome is None or claim.determined_at is None:
        raise StateConflict(current_state=claim.status, legal_moves=legal_moves(claim.state))
    step = await deciding_step(tx, claim)
    grounds = (step.reason, tuple(step.clause_ids)) if step else (None, ())
    return rules.Decision(Outcome(claim.outcome), claim.determined_at.astimezone(SHANGHAI), *grounds)


async def served(tx: Transaction, claim: Claim) -> dict[rules.NoticeKind, datetime]:
    """The notices of the present decision, by kind, and when they were served."""
    statement = select(ResultNotice).where(
        ResultNotice.claim_id == claim.id, ResultNotice.determined_at == claim.determined_at
    )
    rows = await tx.scalars(statement)
    return {rules.NoticeKind(row.kind): row.served_at.astimezone(SHANGHAI) for row in rows}


async def explained(tx: Transaction, claim: Claim) -> bool:
    """Whether the present decision was explained."""
    statement = select(Explanation.id).where(
        Explanation.claim_id == claim.id, Explanation.determined_at == claim.determined_at
    )
    return await tx.scalar(statement.limit(1)) is not None


async def current_agreement(tx: Transaction, claim: Claim) -> SettlementAgreement | None:
    """The agreement on the sheet in force."""
    statement = select(SettlementAgreement).where(
        SettlementAgreement.claim_id == claim.id, SettlementAgreement.sheet_version == claim.sheet_version
    )
    return await tx.scalar(statement)


def beneficiary(told: Mapping[str, Any]) -> Beneficiary:
    """One beneficiary as the agreement keeps him."""
    share = None if told.get("share") is None else Decimal(told["share"])
    return Beneficiary(told["name"], told["relation"], share, told["entitled"])


def beneficiaries_of(agreed: SettlementAgreement | None) -> dict[str, list[Beneficiary]]:
    """The beneficiaries by claimant."""
    found: dict[str, list[Beneficiary]] = {}
    for one in agreed.beneficiaries if agreed else ():
        found.setdefault(one["claimant_ref"], []).append(beneficiary(one))
    return found


async def known(tx: Transaction, claim: Claim, _state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    return {} if claim.state in BEFORE_DECISION else {"served": await served(tx, claim)}


async def rows_of(tx: Transaction, kind: type[Any], claim_id: UUID) -> Sequence[Any]:
    """All agreements, notices or explanations of a claim, in order."""
    return await tx.scalars(select(kind).where(kind.claim_id == claim_id).order_by(kind.created_at, kind.id))


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """What this room knows with a time of its own, for the claim's timeline."""
    found: list[dict[str, Any]] = [
        {"at": row.agreed_at, "kind": "agreed", "recorded_at": row.created_at, "facts": {"amount": f"{row.amount:.2f}"}}
        for row in await rows_of(tx, SettlementAgreement, claim.id)
    ]
    found += [
        {"at": row.served_at, "kind": "notice_served", "recorded_at": row.created_at, "facts": {"kind": row.kind}}
        for row in await rows_of(tx, ResultNotice, claim.id)
    ]
    found += [
        {"at": row.explained_at, "kind": "explained", "recorded_at": row.created_at}
        for row in await rows_of(tx, Explanation, claim.id)
    ]
    return found


async def refs_of_sheet(tx: Transaction, claim: Claim) -> tuple[str, ...]:
    """The claimants of the sheet in force."""
    sheet = await adjustment.current_sheet(tx, claim)
    return () if sheet is None else tuple(one["ref"] for one in sheet.content["claimants"])
