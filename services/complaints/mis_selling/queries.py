"""Reading cases, and what can be done with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.complaints.complaint.queries import superiors
from services.complaints.complaint.tables import PolicyReference
from services.complaints.mis_selling import rules
from services.complaints.mis_selling.tables import MisSellingCase
from shared.actions import Action
from shared.actor import Actor
from shared.database import Transaction
from shared.pagination import Filter, Listing

CASES = Listing(
    model=MisSellingCase,
    filters={
        "status": Filter(MisSellingCase.status),
        "policy_no": Filter(MisSellingCase.policy_no),
        "assignee_person_id": Filter(MisSellingCase.handler_person_id, UUID),
        "source_id": Filter(MisSellingCase.source_id, UUID),
    },
    sorts={"due_at": MisSellingCase.due_at, "created_at": MisSellingCase.created_at},
    default_sort="-due_at",
    conditions={"due_before": lambda text: MisSellingCase.due_at < datetime.fromisoformat(text)},
)


@dataclass(frozen=True)
class CaseFacts:
    """What an act on a case is judged by."""

    case: MisSellingCase

    @property
    def status(self) -> rules.CaseStatus:
        return rules.CaseStatus(self.case.status)

    @property
    def kept_out(self) -> frozenset[UUID]:
        return frozenset(UUID(one) for one in self.case.kept_out)


async def kept_out(tx: Transaction, seller: UUID) -> list[str]:
    """The seller and the seller's line managers."""
    above = await superiors(tx, [seller])
    return [str(seller), *sorted({str(one) for one in above[seller]})]


async def policy_of(tx: Transaction, policy_no: str | None, policy_id: UUID | None = None) -> PolicyReference | None:
    """The policy by its number or its id."""
    if policy_id is not None:
        return await tx.session.get(PolicyReference, policy_id)
    if policy_no is None:
        return None
    return await tx.scalar(select(PolicyReference).where(PolicyReference.policy_no == policy_no))


def positions_of(rows: Any) -> list[str]:
    """The positions of directory rows."""
    found: list[Mapping[str, Any]] = list(rows)
    return [row["position"] for row in found]


def _assign(actor: Actor, facts: CaseFacts) -> None:
    rules.refuse_seller((actor.person_id, actor.on_behalf_of), facts.kept_out, (actor.position,))
    rules.refuse_closed(facts.status)


def _find(actor: Actor, facts: CaseFacts) -> None:
    rules.refuse_seller((actor.person_id, actor.on_behalf_of), facts.kept_out, (actor.position,))
    rules.check_handler(facts.case.handler_person_id, actor.person_id)
    rules.advance(facts.status, rules.CaseStatus.VERIFIED)


def _act(actor: Actor, facts: CaseFacts) -> None:
    rules.refuse_seller((actor.person_id, actor.on_behalf_of), facts.kept_out, (actor.position,))
    rules.check_handler(facts.case.handler_person_id, actor.person_id)
    rules.act(facts.status)


def _close(actor: Actor, facts: CaseFacts) -> None:
    rules.refuse_seller((actor.person_id, actor.on_behalf_of), facts.kept_out, (actor.position,))
    rules.check_handler(facts.case.handler_person_id, actor.person_id)
    rules.close(facts.status, [one["kind"] for one in facts.case.actions])


_BASE = "/v1/mis-selling-cases/{id}/"
CHECKS = {"assign": _assign, "find": _find, "act": _act, "close": _close}
ACTIONS: tuple[Action[CaseFacts], ...] = (
    Action("assign", "POST", _BASE + "assignments", "complaints.mis_selling.assign", _assign),
    Action("find", "POST", _BASE + "findings", "complaints.mis_selling.find", _find),
    Action("act", "POST", _BASE + "actions", "complaints.mis_selling.act", _act),
    Action("close", "POST", _BASE + "closures", "complaints.mis_selling.close", _close),
)
