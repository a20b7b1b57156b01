"""How an approval is shown: its chain step by step, what counts for it, and who cannot act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.claims.adjustment import queries as adjustment
from services.claims.approval import queries, rules
from services.claims.approval.queries import ApprovalFacts
from services.claims.approval.schemas import ApprovalOut, ApprovalStepOut, ChainStepOut, RaiseOut
from services.claims.approval.tables import ApprovalRaise, ApprovalStep
from services.claims.claim import queries as spine
from services.claims.claim.queries import ClaimFacts
from services.claims.claim.rules import FORBIDDEN, ClaimStatus, Duty
from services.claims.claim.schemas import RecordState
from services.claims.claim.tables import Claim
from shared import directory
from shared.approval_chain import Standing
from shared.clock import rfc3339
from shared.database import Transaction
from shared.money import ZERO, yuan

UNDER_APPROVAL = (ClaimStatus.CALCULATED, ClaimStatus.IN_APPROVAL)


def step_taken(row: ApprovalStep, claim: Claim, stated: Any, missing: Sequence[str]) -> ApprovalStepOut:
    """The answer to one act; the amount is the one that was stated."""
    return ApprovalStepOut(
        id=row.id, created_at=row.created_at, step=row.step, kind=row.kind, outcome=row.outcome, amount=stated,
        sheet_version=row.sheet_version or 0, reason=row.reason, reason_code=row.reason_code,
        clause_ids=row.clause_ids, on_behalf_of=row.on_behalf_of, missing=list(missing),
        claim=RecordState(id=claim.id, version=claim.version, status=claim.status),
    )  # fmt: skip


def raised(row: ApprovalRaise, claim: Claim) -> RaiseOut:
    """The answer to a raise."""
    return RaiseOut(
        id=row.id, created_at=row.created_at, from_level=row.from_level, to_level=row.to_level,
        reason_code=row.reason_code, reason=row.reason,
        claim=RecordState(id=claim.id, version=claim.version, status=claim.status),
    )  # fmt: skip


def live_rows(basis: ApprovalFacts) -> list[ApprovalStep]:
    """The acts that count, on the newest sheet: what a return took back is left out."""
    rows: list[ApprovalStep] = []
    for row in basis.steps:
        if (row.sheet_version, row.payee_number) != (basis.row.sheet_version, basis.payee_number):
            continue
        if row.outcome == "return":
            rows = [one for one in rows if one.step < row.step - 1]
        else:
            rows.append(row)
    return rows


def _person(row: ApprovalStep) -> dict[str, str]:
    return {"person_id": str(row.person_id), "staff_no": row.staff_no}


def _signature(row: ApprovalStep) -> dict[str, Any]:
    told = {
        "step": row.step, "sheet_version": row.sheet_version, "kind": row.kind, "position": row.position,
        "outcome": row.outcome, "person": _person(row), "reason_code": row.reason_code, "reason": row.reason,
        "on_behalf_of": row.on_behalf_of and str(row.on_behalf_of), "decided_at": rfc3339(row.created_at),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _acted(rows: Sequence[ApprovalStep]) -> dict[str, Any]:
    """What the acts of one step say: the decider's where there are several."""
    told = next((one for one in rows if one.kind != "cosignature"), rows[-1])
    return {
        "outcome": told.outcome, "person": _person(told), "amount": told.amount, "reason_code": told.reason_code,
        "reason": told.reason, "clause_ids": told.clause_ids, "on_behalf_of": told.on_behalf_of,
        "decided_at": rows[-1].created_at, "signatures": [_signature(one) for one in rows],
    }  # fmt: skip


def _open_chain(now: Standing, rows: Sequence[ApprovalStep]) -> list[ChainStepOut]:
    chain = []
    for at, step in enumerate(now.steps):
        acts = [one for one in rows if one.step == at + 1]
        chain.append(
            ChainStepOut(
                step=at + 1,
                level=step.level,
                unit_code=step.unit.code,
                unit_name=step.unit.name,
                kind=step.kind,
                position=step.position,
                status=rules.status_of(now, at),
                missing=list(now.missing()) if at == now.at else list(step.signers) if at > now.at else [],
                **(_acted(acts) if acts else {}),
            )
        )
    return chain


def _finished_chain(rows: Sequence[ApprovalStep]) -> list[ChainStepOut]:
    """The chain of a decided claim is what was done, whatever the limits or the accident have become since."""
    chain = []
    for at in sorted({one.step for one in rows}):
        acts = [one for one in rows if one.step == at]
        told = next((one for one in acts if one.kind != "cosignature"), acts[-1])
        chain.append(
            ChainStepOut(
                step=at,
                level=told.level,
                unit_code=told.unit_code,
                kind=told.kind,
                position=told.position,
                status="done",
                **_acted(acts),
            )
        )
    return chain


def chain_of(basis: ApprovalFacts) -> tuple[list[ChainStepOut], int | None]:
    """The chain and the number of its open step, None where it is done."""
    rows = live_rows(basis)
    if basis.claim.state not in UNDER_APPROVAL:
        return _finished_chain(rows), None
    now = basis.standing()
    return _open_chain(now, rows), None if now.complete else now.at + 1


def _conflicts(basis: ApprovalFacts, staff: Mapping[UUID, str]) -> list[dict[str, Any]]:
    barred = [(one.person_id, str(one.duty)) for one in basis.facts.duties if one.duty in FORBIDDEN[Duty.APPROVER]]
    barred += [(person, "interested_party") for person in sorted(basis.facts.interested)]
    return [
        {"person": {"person_id": str(person), "staff_no": staff.get(person, "")}, "duty": duty}
        for person, duty in dict.fromkeys(barred)
    ]


def _reasons(basis: ApprovalFacts) -> list[str]:
    found = {str(one) for one in basis.facts.triggers}
    return sorted(found | {"raised"} if basis.raises else found)


def _raise(row: ApprovalRaise) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("from_level", "to_level", "reason_code", "reason")}
    return {
        **told,
        "person": {"person_id": str(row.person_id), "staff_no": row.staff_no},
        "at": rfc3339(row.created_at),
    }


def _approved(claim: Claim, rows: Sequence[ApprovalStep]) -> dict[str, Any] | None:
    """What the decision approved, as digests: of amounts, claimants, policy version and sheet, and of the payees."""
    decided = next((one for one in reversed(rows) if one.kind == "decision"), None)
    if decided is None or claim.determined_at is None:
        return None
    return {"digest": decided.digest, "payee_digest": decided.payee_digest, "payee_number": decided.payee_number}


def _blocked(basis: ApprovalFacts) -> list[str]:
    if basis.claim.state not in UNDER_APPROVAL:
        return []
    void = basis.facts.unacknowledged & basis.sheet.clause_ids
    return (["exclusion_not_acknowledged"] if void else []) + (["sheet_outdated"] if basis.changed else [])


async def approval(tx: Transaction, claim: Claim, basis: ApprovalFacts | None) -> ApprovalOut:
    """The whole approval of a claim; without a sheet, only what is known of its accident."""
    accident = basis.accident if basis else await queries.accident_of(tx, claim)
    hours = (await spine.figures(tx, claim)).content["accident_hours"]
    paid = [one for one in await adjustment.paid_before(tx, claim.id) if one.kind == "advance"]
    steps = basis.steps if basis else ()
    people: Iterable[UUID] = basis.facts.interested | {one.person_id for one in basis.facts.duties} if basis else ()
    chain, current = chain_of(basis) if basis else ([], None)
    counted = set(live_rows(basis)) if basis else set()
    return ApprovalOut(
        chain=chain, current_step=current, required_level=chain[-1].level if chain else None,
        reasons=_reasons(basis) if basis else [],
        sheet_version=claim.sheet_version, table_version=basis.table.version if basis else None,
        accident_id=claim.accident_id, accident_total_amount=sum((one.amount for one in accident), ZERO),
        accumulated_claims=[{"claim_no": one.claim_no, "amount": yuan(one.amount)} for one in accident],
        advances=[{"amount": yuan(one.amount), "at": rfc3339(one.created_at)} for one in paid],
        conflicts=_conflicts(basis, await directory.staff_numbers(tx, people)) if basis else [],
        blocked_by=_blocked(basis) if basis else [],
        voided=[_signature(one) for one in steps if one not in counted],
        raises=[_raise(one) for one in basis.raises] if basis else [],
        similar_claims=await queries.similar_losses(tx, claim, hours), payee_number=basis.payee_number if basis else 0,
        approved=_approved(claim, live_rows(basis)) if basis else None,
    )  # fmt: skip


async def parts(_tx: Transaction, facts: ClaimFacts) -> Mapping[str, Any]:
    """`approval` of the claim read singly: the open step and the level that decides."""
    if facts.approval is None:
        return {}
    chain, current = chain_of(facts.approval)
    if not chain:
        return {}
    return {"approval": {"current_step": current, "required_level": chain[-1].level}}
