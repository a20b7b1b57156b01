"""Route what a customer thinks or needs to whoever can answer, and tell him what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.crm.customer.tables import Customer
from services.crm.message.handlers import tell_customer
from services.crm.opinion import rules, shapes
from services.crm.opinion.rules import DemandStatus, OpinionStatus
from services.crm.opinion.schemas import (
    AnswerOpinion,
    DemandReviewOut,
    OpinionAnswerOut,
    ReviewDemand,
    StatedDemand,
    StatedOpinion,
)
from services.crm.opinion.tables import Demand, Opinion
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item


async def unit_over(tx: Transaction, org_path: str, *, at_branch: bool) -> str:
    """The unit whose department answers for a place: the nearest that has one, or the branch."""
    units = await directory.units_on_path(tx, org_path)
    for one in units:
        if one.level == "branch" or (one.level != "sub_branch" and not at_branch):
            return one.code
    return org_path.split(".")[0]


async def keep_opinions(
    tx: Transaction, customer: Customer, visit_id: UUID, stated: Sequence[StatedOpinion]
) -> list[Opinion]:
    """What a customer thinks, each with the task of answering it: none is kept without."""
    kept = []
    for one in stated:
        unit = await unit_over(tx, customer.org_path, at_branch=one.topic in rules.AT_BRANCH)
        row = Opinion(
            id=uuid7(), version=1, org_path=customer.org_path, customer_id=customer.id, visit_id=visit_id,
            status=str(OpinionStatus.ROUTED), routed_to=unit, **one.model_dump(mode="json"),
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await open_item(
            tx, "answer_opinion", row, Text("答复客户意见", "Answer a customer's opinion"), number=None,
            unit_code=unit, position="department_head", href=f"/v1/opinions/{row.id}/answers",
            priority="high" if one.polarity == "negative" else "normal",
        )  # fmt: skip
        tx.note("route", row, after={"status": row.status, "topic": row.topic, "routed_to": unit})
        kept.append(row)
    return kept


async def keep_demands(
    tx: Transaction, customer: Customer, visit_id: UUID, stated: Sequence[StatedDemand]
) -> list[Demand]:
    """What a customer needs, each with the task of reviewing it at the branch, which speaks to product development."""
    kept = []
    unit = await unit_over(tx, customer.org_path, at_branch=True)
    for one in stated:
        row = Demand(
            id=uuid7(), version=1, org_path=customer.org_path, customer_id=customer.id, visit_id=visit_id,
            status=str(DemandStatus.NEW), product_need=one.product_need, product=one.product,
            estimated_premium=one.estimated_premium,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await open_item(
            tx, "review_demand", row, Text("评审客户需求", "Review a customer's demand"), number=None, unit_code=unit,
            position="department_head", href=f"/v1/demands/{row.id}/reviews",
        )  # fmt: skip
        tx.note("register", row, after={"status": row.status, "product": row.product})
        kept.append(row)
    return kept


def check_answer(_actor: Actor, row: Opinion) -> None:
    """Whether this opinion may be answered now."""
    rules.may_answer(OpinionStatus(row.status))


async def answer_opinion(
    db: Database, actor: Actor, key: RequestKey, opinion_id: UUID, version: int | None, command: AnswerOpinion
) -> Answer:
    """Answer the customer, once."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Opinion, opinion_id, version)
        check_answer(actor, row)
        row.status, row.answer = str(OpinionStatus.ANSWERED), command.text
        row.answered_at, row.answered_by = tx.now, actor.person_id
        row.notice_id = notice_id = await tell_customer(
            tx, row, row.customer_id, "opinion_answered", {"answer": command.text}
        )
        await close_items(tx, row.id)
        tx.note("answer", row, before={"status": "routed"}, after={"status": row.status})
        out = OpinionAnswerOut(id=uuid7(), created_at=tx.now, notice_id=notice_id, opinion=shapes.state_of(row))
        return tx.answer(out, location=f"/v1/opinions/{row.id}", version=row.version)


def check_review(_actor: Actor, row: Demand) -> None:
    """Whether this demand may be reviewed now."""
    rules.review(DemandStatus(row.status), DemandStatus.ADOPTED)


async def review_demand(
    db: Database, actor: Actor, key: RequestKey, demand_id: UUID, version: int | None, command: ReviewDemand
) -> Answer:
    """Say what becomes of a demand; the last word is told to the customer."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Demand, demand_id, version)
        check_review(actor, row)
        before = row.status
        to = rules.review(DemandStatus(row.status), DemandStatus(command.outcome))
        row.status, row.review = str(to), command.text
        row.reviewed_at, row.reviewed_by = tx.now, actor.person_id
        if not rules.NEXT[to]:
            row.notice_id = await tell_customer(tx, row, row.customer_id, f"demand_{to}", {"answer": command.text})
            await close_items(tx, row.id)
        tx.note("review", row, before={"status": before}, after={"status": row.status})
        out = DemandReviewOut(
            id=uuid7(), created_at=tx.now, outcome=command.outcome, notice_id=row.notice_id, demand=shapes.state_of(row)
        )
        return tx.answer(out, location=f"/v1/demands/{row.id}", version=row.version)


OPINION_ACTIONS: tuple[Action[Opinion], ...] = (
    Action("answer", "POST", "/v1/opinions/{id}/answers", "crm.opinion.answer", check_answer),
)
DEMAND_ACTIONS: tuple[Action[Demand], ...] = (
    Action("review", "POST", "/v1/demands/{id}/reviews", "crm.demand.review", check_review),
)
