"""How decisions beside the claim's own life are shown: names masked, the chain step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.claims.approval.rules import status_of
from services.claims.approval.schemas import ChainStepOut
from services.claims.approval.tables import ApprovalStep
from services.claims.claim.rules import FORBIDDEN, Duty
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.side.queries import SideBasis
from services.claims.side.rules import SideStatus
from services.claims.side.schemas import SideAloneOut, SideApprovalOut, SideOut, SideStepOut
from services.claims.side.tables import SideDecision
from shared import directory
from shared.actions import ActionOut
from shared.database import Transaction
from shared.masking import masked_name

HIDDEN = ("against_name", "payee_name")


def _facts(row: SideDecision) -> tuple[dict[str, Any], list[str]]:
    hidden = [name for name in HIDDEN if row.facts.get(name)]
    shown = {name: masked_name(value) if name in hidden else value for name, value in row.facts.items()}
    return shown, [f"facts.{name}" for name in hidden]


def side(row: SideDecision, claim: Claim, staff: Mapping[UUID, str]) -> SideOut:
    """One of them."""
    facts, masked = _facts(row)
    return SideOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), kind=row.kind, status=row.status,
        amount=row.amount, reason_code=row.reason_code, reason=row.reason, facts=facts, decided_at=row.decided_at,
        requested_by={"person_id": str(row.requested_by), "staff_no": staff.get(row.requested_by, "")}, masked=masked,
    )  # fmt: skip


async def sides(tx: Transaction, rows: Sequence[SideDecision], claim: Claim) -> list[SideOut]:
    """All of one kind."""
    staff = await directory.staff_numbers(tx, [row.requested_by for row in rows])
    return [side(row, claim, staff) for row in rows]


async def alone(tx: Transaction, row: SideDecision, claim: Claim, actions: list[ActionOut]) -> SideAloneOut:
    """One read singly."""
    (told,) = await sides(tx, [row], claim)
    return SideAloneOut(**told.model_dump(), available_actions=actions)


def step_taken(step: ApprovalStep, row: SideDecision, claim: Claim, stated: Any, missing: Sequence[str]) -> SideStepOut:
    """The answer to one act; the amount is the one that was stated."""
    return SideStepOut(
        id=step.id, created_at=step.created_at, step=step.step, kind=step.kind, outcome=step.outcome, amount=stated,
        reason=step.reason, reason_code=step.reason_code, on_behalf_of=step.on_behalf_of, missing=list(missing),
        side={"id": str(row.id), "kind": row.kind, "status": row.status}, claim=state_of(claim),
    )  # fmt: skip


def _acted(acts: Sequence[ApprovalStep]) -> dict[str, Any]:
    told = next((one for one in acts if one.kind != "cosignature"), acts[-1])
    return {
        "outcome": told.outcome, "person": {"person_id": str(told.person_id), "staff_no": told.staff_no},
        "amount": told.amount, "reason_code": told.reason_code, "reason": told.reason, "clause_ids": told.clause_ids,
        "on_behalf_of": told.on_behalf_of, "decided_at": acts[-1].created_at,
    }  # fmt: skip


def _chain(basis: SideBasis) -> list[ChainStepOut]:
    now = basis.standing()
    counted = {(act.step, act.person_id) for act in now.live}
    chain = []
    for at, step in enumerate(now.steps):
        mine = [one for one in basis.steps if one.step == at + 1 and (one.step, one.person_id) in counted]
        chain.append(
            ChainStepOut(
                step=at + 1, level=step.level, unit_code=step.unit.code, unit_name=step.unit.name, kind=step.kind,
                position=step.position, status=status_of(now, at),
                missing=list(now.missing()) if at == now.at else list(step.signers) if at > now.at else [],
                **(_acted(mine) if mine else {}),
            )
        )  # fmt: skip
    return chain


async def approval(tx: Transaction, basis: SideBasis) -> SideApprovalOut:
    """The chain, whose turn it is, what counts, and who may not act."""
    row, now = basis.row, basis.standing()
    barred = [(one.person_id, str(one.duty)) for one in basis.facts.duties if one.duty in FORBIDDEN[Duty.APPROVER]]
    barred += [(person, "interested_party") for person in sorted(basis.facts.interested)]
    staff = await directory.staff_numbers(tx, {person for person, _ in barred})
    asked = row.status == SideStatus.REQUESTED
    return SideApprovalOut(
        side_id=row.id, status=row.status, chain=_chain(basis), required_level=now.steps[-1].level,
        current_step=now.at + 1 if asked and not now.complete else None,
        reasons=sorted(str(one) for one in basis.facts.triggers), amount=row.amount, total_amount=basis.facts.amount,
        table_version=basis.table.version,
        conflicts=[
            {"person": {"person_id": str(person), "staff_no": staff.get(person, "")}, "duty": duty}
            for person, duty in dict.fromkeys(barred)
        ],
    )  # fmt: skip
