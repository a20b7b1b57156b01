"""What acts on a hazard are judged by, and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from services.risk.follow_up import rules
from services.risk.follow_up.rules import EvidenceKind
from services.risk.hazard import rules as hazard_rules
from services.risk.hazard.queries import HazardFacts
from services.risk.hazard.rules import HazardStatus
from services.risk.inspection.tables import Hazard, Inspection
from shared.actions import Action
from shared.actor import Actor
from shared.attachments import attachments
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import StateConflict


def cures(facts: HazardFacts) -> list[str]:
    """Ids of the evidence that another visit found the hazard cured."""
    return [str(one.id) for one in facts.evidence if one.kind == EvidenceKind.RE_INSPECTION and one.cured]


def may_extend(_actor: Actor, facts: HazardFacts) -> None:
    """Refuse (409) a second extension, and one of a hazard that nobody is curing."""
    if facts.hazard.extensions:
        raise hazard_rules.ExtensionUsed()
    if facts.state not in (HazardStatus.RECTIFYING, HazardStatus.ESCALATED):
        legal = [str(one) for one in hazard_rules.moves(facts.state, compulsory=facts.compulsory)]
        raise StateConflict(current_state=str(facts.state), legal_moves=legal)


def may_show(_actor: Actor, facts: HazardFacts) -> None:
    """Refuse (409) evidence of a hazard that was not told in writing yet, or is gone."""
    if facts.state is not HazardStatus.CLAIMED_DONE:
        rules.claim_done(facts.state)


def may_close(_actor: Actor, facts: HazardFacts) -> None:
    """Refuse (422) closing without evidence of re-inspection, and (409) before it."""
    hazard_rules.close(facts.state, cures(facts))


_BASE = "/v1/hazards/{id}/"
ACTIONS: tuple[Action[HazardFacts], ...] = (
    Action("extend", "POST", _BASE + "extensions", "risk.hazard.extend", may_extend),
    Action("give_evidence", "POST", _BASE + "evidence", "risk.hazard.evidence", may_show),
    Action("close", "POST", _BASE + "closures", "risk.hazard.close", may_close),
)


async def visit_of(tx: Transaction, hazard: Hazard, inspection_id: UUID | None) -> rules.Visit | None:
    """The visit named, if it is one to the same customer in the caller's scope."""
    mine = select(Inspection).where(Inspection.id == inspection_id, Inspection.customer_id == hazard.customer_id)
    found = None if inspection_id is None else await tx.scalar(mine)
    if found is None:
        return None
    on = None if found.inspected_at is None else legal_day(found.inspected_at)
    return rules.Visit(found.id == hazard.inspection_id, found.status, on)


async def files_missing(tx: Transaction, ids: Sequence[UUID], *records: UUID | None) -> list[int]:
    """Which of these files (by place) belong to none of the records."""
    files = attachments.c
    mine = select(files.id).where(files.id.in_(ids), files.record_id.in_([one for one in records if one]))
    held = set(await tx.scalars(mine))
    return [n for n, one in enumerate(ids) if one not in held]


async def passed(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Hazards whose day has passed and that were not told to be overdue for it, the longest overdue first."""
    today = legal_day(tx.now)
    untold = or_(Hazard.overdue_for.is_(None), Hazard.overdue_for != Hazard.due_on)
    statement = select(Hazard.id).where(Hazard.status == str(HazardStatus.RECTIFYING), Hazard.due_on < today, untold)
    return await tx.scalars(statement.order_by(Hazard.due_on, Hazard.id).limit(limit))
