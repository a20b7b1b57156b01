"""A compensation as its rules take it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from services.complaints.compensation.rules import Basis, CompensationStatus, propose
from services.complaints.compensation.tables import Compensation, CompensationStep
from services.complaints.complaint.queries import ComplaintFacts
from services.complaints.complaint.rules import refuse_recused
from services.complaints.complaint.tables import Complaint
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.approval_chain import Act
from shared.database import Transaction
from shared.errors import NotFound


async def one_of(tx: Transaction, complaint: Complaint, compensation_id: UUID) -> Compensation:
    """The complaint's compensation, locked. Raises `NotFound`."""
    statement = select(Compensation).where(
        Compensation.id == compensation_id, Compensation.complaint_id == complaint.id
    )
    found = await tx.scalar(statement.with_for_update())
    if found is None:
        raise NotFound()
    return found


async def steps_of(tx: Transaction, row: Compensation) -> Sequence[CompensationStep]:
    """The acts on its chain, in order."""
    statement = select(CompensationStep).where(CompensationStep.compensation_id == row.id)
    return await tx.scalars(statement.order_by(CompensationStep.created_at, CompensationStep.id))


def acts_of(steps: Sequence[CompensationStep]) -> tuple[Act, ...]:
    return tuple(Act(one.step, one.kind, one.outcome, one.position, one.person_id, one.on_behalf_of) for one in steps)


async def basis_of(tx: Transaction, complaint: Complaint, row: Compensation) -> Basis:
    """What a step is judged by, on the table in force today."""
    return Basis(
        status=CompensationStatus(row.status), amount=row.amount, line=row.line,
        units=tuple(await directory.units_on_path(tx, complaint.owner_path)),
        table=await directory.authority_table_at(tx), acts=acts_of(await steps_of(tx, row)),
        proposers=frozenset(one for one in (row.proposed_by, row.proposed_for) if one),
    )  # fmt: skip


def _propose(actor: Actor, facts: ComplaintFacts) -> None:
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    propose(facts.complaint.state, Decimal("0.01"), facts.complaint.compensation_status)


ACTIONS: tuple[Action[ComplaintFacts], ...] = (
    Action(
        "propose_compensation", "POST", "/v1/complaints/{id}/compensations", "complaints.compensation.propose", _propose
    ),
)
