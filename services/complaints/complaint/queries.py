"""Reading complaints, and who must stay out of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, and_, case, cast, column, or_, select, table, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.complaints import events
from services.complaints.complaint import rules
from services.complaints.complaint.tables import (
    ClaimDuty,
    ClaimReference,
    Complaint,
    ComplaintFact,
    CustomerReference,
    KeptOut,
    PolicyDuty,
    PolicyReference,
)
from shared import directory
from shared.attachments import attachments
from shared.audit import history
from shared.database import Transaction
from shared.pagination import Filter, Listing

HEADS = "department_head"
_CASES = table(
    "mis_selling_cases", column("id", Uuid), column("source_kind", Text), column("source_id", Uuid),
    column("kept_out", JSONB),
)  # fmt: skip
"""A later room's, as far as a complaint hides them."""
SELLER = "seller"

RESULT = case((Complaint.status.in_(("merged", "withdrawn")), Complaint.status), else_=Complaint.outcome)
"""How a complaint ended, as it is counted: an early end is one."""
_RUNS = (
    Complaint.notified_at.is_(None)
    & ~(Complaint.lead & Complaint.decided_at.is_not(None))
    & Complaint.status.not_in(("merged", "withdrawn"))
)
TIMELINESS = case(
    (or_(Complaint.breached_at.is_not(None), Complaint.notified_at >= Complaint.due_at), "late"),
    (_RUNS, "running"),
    else_="in_time",
)
_MAY_LACK = {"product": Complaint.product, "seller_id": Complaint.seller_id, "result": RESULT}


def _without(text: str) -> Any:
    """Complaints that lack all of these, by name, separated by commas. Raises ValueError."""
    if not set(names := text.split(",")) <= set(_MAY_LACK):
        raise ValueError(text)
    return and_(*(_MAY_LACK[name].is_(None) for name in names))


COMPLAINTS = Listing(
    model=Complaint,
    filters={
        "status": Filter(Complaint.status),
        "channel": Filter(Complaint.channel),
        "cause": Filter(Complaint.cause),
        "complaint_no": Filter(Complaint.complaint_no),
        "policy_no": Filter(Complaint.policy_no),
        "claim_no": Filter(Complaint.claim_no),
        "customer_id": Filter(Complaint.customer_id, UUID),
        "product": Filter(Complaint.product),
        "outcome": Filter(Complaint.outcome),
        "rule": Filter(Complaint.rule),
        "seller_id": Filter(Complaint.seller_id, UUID),
        "assignee_person_id": Filter(Complaint.officer_person_id, UUID),
        "received_at": Filter(Complaint.received_at, datetime, ranged=True),
    },
    search=(Complaint.complaint_no,),
    sorts={"received_at": Complaint.received_at, "due_at": Complaint.due_at},
    default_sort="-received_at",
    conditions={
        "due_before": lambda text: Complaint.due_at < datetime.fromisoformat(text),
        "result": lambda text: text == RESULT,
        "timeliness": lambda text: text == TIMELINESS,
        "without": _without,
    },
)


@dataclass(frozen=True)
class ComplaintFacts:
    """What an action on a complaint is judged by, read once."""

    complaint: Complaint
    grounds: Mapping[UUID, rules.RecusalGround]
    now: datetime


async def claim_of_number(tx: Transaction, claim_no: str) -> ClaimReference | None:
    return await tx.scalar(select(ClaimReference).where(ClaimReference.claim_no == claim_no))


async def policy_of_number(tx: Transaction, policy_no: str) -> PolicyReference | None:
    return await tx.scalar(select(PolicyReference).where(PolicyReference.policy_no == policy_no))


async def policy_of_id(tx: Transaction, policy_id: UUID | None) -> PolicyReference | None:
    return None if policy_id is None else await tx.session.get(PolicyReference, policy_id)


async def customer_of_id(tx: Transaction, customer_id: UUID | None) -> CustomerReference | None:
    return None if customer_id is None else await tx.session.get(CustomerReference, customer_id)


async def facts_told(tx: Transaction, complaint_id: UUID) -> Sequence[ComplaintFact]:
    """What was done so far, in order."""
    statement = select(ComplaintFact).where(ComplaintFact.complaint_id == complaint_id)
    return await tx.scalars(statement.order_by(ComplaintFact.created_at, ComplaintFact.id))


async def grounds_of(
    tx: Transaction, complaint: Complaint, more: Iterable[str] = ()
) -> dict[UUID, rules.RecusalGround]:
    """Everybody who must stay out of this complaint today, or ever had to, with the closest tie; `more`: who stays out
    of a complaint that joins it.
    """
    named = [UUID(one) for one in complaint.named_persons]
    kept = select(ClaimReference.duplicate_of).where(ClaimReference.claim_id == complaint.claim_id)
    either = or_(ClaimDuty.claim_id == complaint.claim_id, ClaimDuty.claim_id.in_(kept))
    duties = select(ClaimDuty.person_id).where(either)
    involved = list(await tx.scalars(duties)) if complaint.claim_id else []
    sold = await duties_of_policy(tx, complaint.policy_id)
    everybody = {*named, *involved, *(person for person, _ in sold)}
    return rules.recused(
        named=named, claim_duties=involved, sellers=[one for one, duty in sold if duty == SELLER],
        underwriters=[one for one, duty in sold if duty != SELLER],
        earlier=[UUID(one) for one in (*complaint.kept_out, *more)], superiors=await superiors(tx, everybody),
        reports=await _reports(tx, named),
    )  # fmt: skip


async def duties_of_policy(tx: Transaction, policy_id: UUID | None) -> list[tuple[UUID, str]]:
    """Who sold and who underwrote the policy, in any of its versions."""
    if policy_id is None:
        return []
    statement = select(PolicyDuty.person_id, PolicyDuty.duty).where(PolicyDuty.policy_id == policy_id)
    return [(row.person_id, row.duty) for row in await tx.execute(statement)]


async def keep_out(tx: Transaction, complaint: Complaint, more: Iterable[str] = ()) -> dict[UUID, rules.RecusalGround]:
    """Bring `kept_out` up to date, which only grows; a mark is no new version. The grounds.

    Refuses (403) an actor who must stay out from now on: nobody puts himself, or whom he acts for, out of a complaint
    that he is working on. Whoever keeps a copy is told whom it must not reach, of a new complaint by its registration.

    A direct report of a person named may not handle the complaint, but may see it: whoever works beside a head does.
    """
    grounds = await grounds_of(tx, complaint, more)
    known = set(complaint.kept_out)
    hidden = [str(one) for one, ground in grounds.items() if ground is not rules.RecusalGround.DIRECT_REPORT]
    if added := sorted(one for one in hidden if one not in known):
        if complaint in tx.session:
            rules.refuse_recused(tx.actor.person_id, grounds, tx.actor.on_behalf_of)
            await _spread(tx, complaint, added)
        complaint.kept_out = [*complaint.kept_out, *added]
    return grounds


async def _spread(tx: Transaction, complaint: Complaint, added: Sequence[str]) -> None:
    """Hide what lies beside the complaint, and the cases that grew out of it, wherever they lie."""
    scope, cases = tx.scope, _CASES.c
    await tx.use_scope("00")
    grown = (cases.source_kind == "complaint", cases.source_id == complaint.id)
    more = update(_CASES).where(*grown).values(kept_out=cases.kept_out.op("||")(cast(list(added), JSONB)))
    case_ids = tuple(await tx.scalars(more.returning(cases.id)))
    for record_id in (complaint.id, *case_ids):
        await hide(tx, record_id, added)
    await tx.use_scope(scope)
    told = events.ComplaintRecused(
        complaint_id=complaint.id, case_ids=case_ids, kept_out=tuple(UUID(one) for one in added)
    )
    tx.publish(told, complaint)


async def hide(tx: Transaction, record_id: UUID, persons: Iterable[str]) -> None:
    """From here on these persons see nothing of the work on the record."""
    rows = [{"person_id": one, "record_id": record_id} for one in persons]
    if rows:
        await tx.execute(insert(KeptOut).on_conflict_do_nothing(), rows)


async def superiors(tx: Transaction, persons: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Line managers: the heads of the person's unit and of the central branch above it, never the branch's own head,
    to whom every complaint of the branch comes.
    """
    found: dict[UUID, list[UUID]] = {}
    heads = await directory.appointments(tx, position=HEADS)
    for person in persons:
        own = [row["path"] for row in await directory.appointments(tx, person_id=person)]
        found[person] = [
            head["person_id"]
            for head in heads
            for path in own
            if head["path"].count(".") >= 2 and (path == head["path"] or path.startswith(f"{head['path']}."))
            if head["person_id"] != person
        ]
    return found


async def _reports(tx: Transaction, persons: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Direct reports of a head: everybody else at the same unit."""
    found: dict[UUID, list[UUID]] = {}
    for person in persons:
        units = [
            row["unit_code"] for row in await directory.appointments(tx, person_id=person) if row["position"] == HEADS
        ]
        staff = [row for unit in units for row in await directory.appointments(tx, unit_code=unit)]
        found[person] = [row["person_id"] for row in staff if row["person_id"] != person]
    return found


async def facts_of(tx: Transaction, complaint: Complaint) -> ComplaintFacts:
    return ComplaintFacts(complaint, await grounds_of(tx, complaint), tx.now)


async def files_of(tx: Transaction, complaint: Complaint) -> set[UUID]:
    """The files on the complaint."""
    mine = select(attachments.c.id).where(
        attachments.c.record_type == Complaint.record_type, attachments.c.record_id == complaint.id
    )
    return set(await tx.scalars(mine))


async def acts_on(tx: Transaction, complaint: Complaint) -> list[Mapping[str, Any]]:
    """Every act on a complaint that was found for the caller, also those of before it moved to another unit."""
    await tx.use_scope("00")
    lines = history.c
    mine = select(history).where(lines.record_type == Complaint.record_type, lines.record_id == complaint.id)
    return list((await tx.execute(mine.order_by(lines.id))).mappings())


async def merged_into(tx: Transaction, complaint: Complaint) -> Sequence[dict[str, Any]]:
    """The deadlines of the complaints merged into this one: each keeps its own, and the earliest binds the answer."""
    mine = select(Complaint.deadline).where(Complaint.merged_into == complaint.id)
    return await tx.scalars(mine.order_by(Complaint.due_at, Complaint.id))


async def fact_of(tx: Transaction, complaint_id: UUID, kind: str) -> ComplaintFact | None:
    """The last fact of a kind."""
    mine = select(ComplaintFact).where(ComplaintFact.complaint_id == complaint_id, ComplaintFact.kind == kind)
    return await tx.scalar(mine.order_by(ComplaintFact.created_at.desc(), ComplaintFact.id.desc()).limit(1))
