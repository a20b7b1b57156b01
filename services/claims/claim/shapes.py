"""How a claim is shown to one caller: personal values masked, actions judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.claims.claim import queries
from services.claims.claim.schemas import ClaimItem, ClaimOut, InjuredOut, RecordState, ReporterOut, TimelineEntry
from services.claims.claim.tables import Claim, InjuredPerson, ReserveChange
from shared.actions import Action, judged
from shared.clock import rfc3339
from shared.database import Transaction
from shared.masking import masked_id_no, masked_name, masked_phone, masked_text
from shared.money import yuan


def item(claim: Claim) -> ClaimItem:
    """The claim in a list."""
    return ClaimItem.model_validate(claim, from_attributes=True)


def state_of(claim: Claim) -> RecordState:
    """The claim as a fact below it names it."""
    return RecordState(id=claim.id, version=claim.version, status=claim.status)


def reporter(claim: Claim) -> ReporterOut:
    told = claim.reporter
    return ReporterOut(
        name=masked_name(told["name"]), phone=masked_phone(told["phone"]), relation=told["relation"],
        masked=["name", "phone"],
    )  # fmt: skip


def injured(row: InjuredPerson) -> InjuredOut:
    hidden = [name for name in ("name", "id_no", "injury") if getattr(row, name)]
    return InjuredOut(
        name=masked_name(row.name) if row.name else None, id_no=masked_id_no(row.id_no) if row.id_no else None,
        insured_ref=row.insured_ref, injury=masked_text(row.injury) if row.injury else None, masked=hidden,
    )  # fmt: skip


async def plain_values(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """What a reveal of a claim can show, by the path of the field."""
    values: dict[str, str | None] = {"reporter.name": claim.reporter["name"], "reporter.phone": claim.reporter["phone"]}
    for n, row in enumerate(await queries.injured_of(tx, claim.id)):
        values |= {f"injured.{n}.name": row.name, f"injured.{n}.id_no": row.id_no, f"injured.{n}.injury": row.injury}
    return values


async def alone(
    tx: Transaction, facts: queries.ClaimFacts, actions: tuple[Action[queries.ClaimFacts], ...], language: str,
    masked: Sequence[str] = (), **more: Any,
) -> ClaimOut:  # fmt: skip
    """The claim read singly; `more` are the parts that later rooms add (approval, deadlines, hazards), `masked` the
    fields which are masked in them."""
    claim = facts.claim
    people = [injured(row) for row in await queries.injured_of(tx, claim.id)]
    hidden = [f"injured.{n}.{one}" for n, who in enumerate(people) for one in who.masked]
    return ClaimOut(
        **item(claim).model_dump(), place=claim.place, area_code=claim.area_code, description=claim.description,
        plate_no=claim.plate_no, project=claim.project, loss_kinds=claim.loss_kinds or [],
        survey_accept_due_at=claim.survey_accept_due_at, survey_accepted_at=claim.survey_accepted_at,
        survey_due_at=claim.survey_due_at, resurvey_open=claim.resurvey_open,
        reporter=reporter(claim), injured=people, origin=claim.origin,
        masked=["reporter.name", "reporter.phone", *hidden, *masked],
        available_actions=judged(actions, tx.actor, facts, claim.id, language), **more,
    )  # fmt: skip


def reserve_step(row: ReserveChange) -> dict[str, Any]:
    """One step of the reserve: from, to, who, when, why."""
    shown = {
        "at": rfc3339(row.created_at), "from_amount": yuan(row.from_amount), "to_amount": yuan(row.to_amount),
        "reason": row.reason, "person_id": str(row.person_id),
    }  # fmt: skip
    return shown | ({"parts": row.parts} if row.parts else {})


async def reserves(tx: Transaction, facts: queries.ClaimFacts) -> dict[str, Any]:
    """The part of the claim that tells how its reserve came about."""
    return {"reserves": [reserve_step(row) for row in await queries.reserves_of(tx, facts.claim.id)]}


async def timeline(tx: Transaction, claim: Claim, state: Any) -> list[TimelineEntry]:
    """The claim's life in the order in which it happened: what others recorded with a time of its own (the rooms'
    `timeline_sources`), and every act from its history."""
    entries = [
        TimelineEntry(at=claim.loss_at, kind="loss", recorded_at=claim.reported_at),
        TimelineEntry(at=claim.notified_at, kind="notice", recorded_at=claim.reported_at),
    ]
    for source in getattr(state, "timeline_sources", ()):
        entries += [TimelineEntry.model_validate(one) for one in await source(tx, claim)]
    for row in await queries.acts_on(tx, claim):
        person = {"person_id": str(row["person_id"]), "staff_no": row["staff_no"]}
        entries.append(
            TimelineEntry(
                at=row["at"],
                kind=row["action"],
                person=person,
                position=row["position"],
                unit_code=row["unit_code"],
                facts=row["after"] or {},
                reason=row["reason"],
            )
        )
    return sorted(entries, key=lambda one: one.at)
