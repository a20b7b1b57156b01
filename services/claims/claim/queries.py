"""Reading claims: one by id, the list, the facts that actions are judged by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, text

from services.claims.claim import rules
from services.claims.claim.tables import Claim, ClaimDuty, InjuredPerson, ReserveChange
from shared import assignees
from shared.attachments import attachments
from shared.audit import history
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import SeparationOfDuties
from shared.masking import keyed_digest, normalised
from shared.money import ZERO
from shared.pagination import Filter, Listing
from shared.rule_sets import RuleSet, in_force
from shared.work_items import work_items

_SCOPE = text("select current_setting('anlan.scope', true)")


def _with_item(condition: Any) -> Any:
    items = work_items.c
    return exists().where(items.record_id == Claim.id, items.closed_at.is_(None), condition)


def _due_before(value: str) -> Any:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return _with_item(work_items.c.due_at < moment)


CLAIMS = Listing(
    model=Claim,
    filters={
        "status": Filter(Claim.status),
        "policy_no": Filter(Claim.policy_no),
        "claim_no": Filter(Claim.claim_no),
        "line": Filter(Claim.line),
        "policy_match": Filter(Claim.policy_match),
        "customer_id": Filter(Claim.customer_id, UUID),
        "accident_id": Filter(Claim.accident_id, UUID),
        "loss_at": Filter(Claim.loss_at, datetime, ranged=True),
        "reported_at": Filter(Claim.reported_at, datetime, ranged=True),
    },
    conditions={
        "due_before": _due_before,
        "assignee_person_id": lambda value: _with_item(work_items.c.person_id == UUID(value)),
    },
    search=(Claim.claim_no, Claim.policy_no),
    sorts={"reported_at": Claim.reported_at, "loss_at": Claim.loss_at, "claim_no": Claim.claim_no},
    default_sort="-reported_at",
)


@dataclass(frozen=True)
class ClaimFacts:
    """What an action on a claim is judged by, read once."""

    claim: Claim
    duties: tuple[rules.Held, ...]
    now: datetime
    companions: frozenset[UUID] = frozenset()
    """Other live claims of the same accident, as far as the caller sees them."""
    paid: Decimal = ZERO
    """Advances and payments already out, in yuan, as their room knows it."""
    interested: frozenset[UUID] = frozenset()
    """Staff who are, or whose declared relatives are, claimant or reporter."""
    approval: Any = None
    """How far the approval has come, as its room knows it; None where there is no calculation sheet."""
    served: Mapping[Any, datetime] = field(default_factory=dict)
    """Notices of the present decision by kind, and when they were served."""
    ordered: Any = None
    """What is payable and what is ordered of it; None before the decision."""
    closing: Any = None
    """What is still open on a decided claim, and its file, as the archive knows it."""


FactSource = Callable[[Transaction, Claim, Any], Awaitable[Mapping[str, Any]]]
"""`source(tx, claim, state)` adds what a later room knows to the facts, by the name of the field."""
PartSource = Callable[[Transaction, ClaimFacts], Awaitable[Mapping[str, Any]]]
"""`source(tx, facts)` adds what a later room shows to the claim read singly, by the name of the member."""


async def duties_of(tx: Transaction, claim_id: UUID) -> tuple[rules.Held, ...]:
    """Every duty taken on the claim so far."""
    rows = await tx.scalars(select(ClaimDuty).where(ClaimDuty.claim_id == claim_id).order_by(ClaimDuty.created_at))
    return tuple(rules.Held(rules.Duty(row.duty), row.person_id) for row in rows)


async def facts_of(tx: Transaction, claim: Claim, state: Any = None) -> ClaimFacts:
    """The facts; with the application's `state` also those of the rooms that come later (`fact_sources`)."""
    more: dict[str, Any] = {}
    for source in getattr(state, "fact_sources", ()):
        more |= await source(tx, claim, state)
    duties = (*await duties_of(tx, claim.id), *policy_duties(claim))
    return ClaimFacts(claim, duties, tx.now, companions=await companions_of(tx, claim), **more)


def who_may(duty: rules.Duty, *positions: str, anywhere: bool = False) -> assignees.Duty:
    """For pickers: who may be given `duty` on a claim, in one of `positions` at a unit that has it.

    `anywhere`: whoever asks has seen to the position; work may go to another unit of the branch.
    """

    async def judged(tx: Transaction, claim_id: UUID, state: Any) -> assignees.Check:
        facts = await facts_of(tx, await tx.find(Claim, claim_id), state)
        acts = () if facts.approval is None else facts.approval.standing().live

        async def check(person_id: UUID) -> None:
            if not anywhere:
                await assignees.refuse_without_post(tx, person_id, positions, facts.claim.org_path)
            rules.refuse_person(facts.duties, person_id, duty, facts.interested)
            if duty is rules.Duty.APPROVER and any(person_id in one.persons for one in acts):
                raise SeparationOfDuties(conflicting_duty=str(duty), taking=str(duty))

        return check

    return judged


def policy_duties(claim: Claim) -> tuple[rules.Held, ...]:
    """Who sold and who underwrote the policy, as far as the claim has one."""
    people = ((rules.PolicyDuty.SELLER, claim.seller_id), (rules.PolicyDuty.UNDERWRITER, claim.underwriter_id))
    return tuple(rules.Held(duty, person) for duty, person in people if person is not None)


async def companions_of(tx: Transaction, claim: Claim) -> frozenset[UUID]:
    """The other claims of the accident that are not cancelled, within the current scope."""
    if claim.state is rules.ClaimStatus.CANCELLED:
        return frozenset()
    others = select(Claim.id).where(Claim.accident_id == claim.accident_id, Claim.id != claim.id)
    return frozenset(await tx.scalars(others.where(Claim.status != "cancelled")))


async def parts_of(tx: Transaction, facts: ClaimFacts, state: Any) -> dict[str, Any]:
    """What later rooms add to the claim read singly (`part_sources` of the application's `state`).

    Each may name the masked fields of its part in `masked`; they are put together.
    """
    parts: dict[str, Any] = {}
    masked: list[str] = []
    for source in getattr(state, "part_sources", ()):
        part = dict(await source(tx, facts))
        masked += part.pop("masked", ())
        parts |= part
    return {**parts, "masked": masked}


async def injured_of(tx: Transaction, claim_id: UUID) -> Sequence[InjuredPerson]:
    """The injured as reported, in the order in which they were named."""
    statement = select(InjuredPerson).where(InjuredPerson.claim_id == claim_id)
    return await tx.scalars(statement.order_by(InjuredPerson.position))


async def figures(tx: Transaction, claim: Claim | None = None) -> RuleSet:
    """The rule set `intake` in force when the claim was reported (now, for a new one)."""
    return await in_force(tx, "intake", None if claim is None else legal_day(claim.reported_at))


async def reserves_of(tx: Transaction, claim_id: UUID) -> Sequence[ReserveChange]:
    """Every step of the reserve, the first one first."""
    statement = select(ReserveChange).where(ReserveChange.claim_id == claim_id)
    return await tx.scalars(statement.order_by(ReserveChange.created_at, ReserveChange.id))


async def files_of(tx: Transaction, claim_id: UUID) -> frozenset[UUID]:
    """The files of a claim that was found for the caller, also those of before it moved to another unit."""
    scope = await tx.scalar(_SCOPE)
    await tx.use_scope("00")
    found = frozenset(await tx.scalars(select(attachments.c.id).where(attachments.c.record_id == claim_id)))
    await tx.use_scope(scope)
    return found


async def acts_on(tx: Transaction, claim: Claim) -> list[Mapping[str, Any]]:
    """Every act on a claim that was found for the caller, also those of before it moved to another unit."""
    await tx.use_scope("00")
    lines = history.c
    statement = select(history).where(lines.record_type == "claim", lines.record_id == claim.id)
    return list((await tx.execute(statement.order_by(lines.id))).mappings())


def personal_conditions(wanted: Mapping[str, str], digest_key: bytes) -> list[Any]:
    """SQL conditions for what a search says of persons: names and phones as they were told, id numbers by digest."""
    found: list[Any] = []
    if "reporter_name" in wanted:
        found.append(Claim.reporter["name"].astext == wanted["reporter_name"])
    if "reporter_phone" in wanted:
        found.append(
            Claim.reporter["phone"].astext.in_({wanted["reporter_phone"], normalised(wanted["reporter_phone"])})
        )
    if "injured_name" in wanted:
        found.append(_with_injured(InjuredPerson.name == wanted["injured_name"]))
    if "id_no" in wanted:
        found.append(_with_injured(InjuredPerson.digest == keyed_digest(digest_key, wanted["id_no"])))
    return found


def _with_injured(condition: Any) -> Any:
    return exists().where(InjuredPerson.claim_id == Claim.id, condition)
