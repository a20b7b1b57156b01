"""Register a claim with its reserve, and change the reserve: append-only, each step with its reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims import events
from services.claims.claim import queries as spine
from services.claims.claim.handlers import set_reserve, take_duty
from services.claims.claim.rules import Duty, Line
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim, ReserveChange
from services.claims.deadlines.queries import decision_deadline
from services.claims.documents.handlers import ask_for_documents
from services.claims.reserve import rules
from services.claims.reserve.schemas import ChangeReserve, RegisterClaim, ReserveOut, ReservePart
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.money import ZERO, yuan
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item

REVIEW_ITEM = "review_reserve"


def check_register(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may register the claim now."""
    claim = facts.claim
    rules.may_register(claim.state, Line(claim.line) if claim.line else None, facts.duties, actor, facts.interested)


def check_change(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the reserve may be changed now."""
    rules.may_change(facts.claim.state)


async def register_claim(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RegisterClaim, state: Any
) -> Answer:
    """Register (立案): the claim is accepted for handling, with a reserve."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_register(actor, await spine.facts_of(tx, claim, state))
        line = Line(claim.line) if claim.line else None
        status = rules.register(claim.state, line, command.reserve_amount, command.reason, command.no_survey_reason)
        rules.check_parts(command.reserve_amount, [one.amount for one in command.parts])
        before = {"status": claim.status}
        claim.advance(status)
        row = set_reserve(tx, claim, command.reserve_amount, command.reason, _parts(command.parts))
        take_duty(tx, claim, Duty.REGISTRAR)
        due = await decision_deadline(tx, claim)
        tx.publish(
            events.ClaimRegistered(
                claim_id=claim.id, reserve_amount=command.reserve_amount, due_on=due and due.due_on,
                due_legal_on=due and due.due_legal_on,
            ),
            claim,
        )  # fmt: skip
        await close_items(tx, claim.id, "dispatch", "survey", "register")
        await ask_for_documents(tx, claim)
        after = {"status": claim.status, "reserve_amount": yuan(row.to_amount)}
        tx.note("register", claim, before=before, after=after, reason=command.no_survey_reason or command.reason)
        return tx.answer(_step(row, claim), location=f"/v1/claims/{claim.id}", version=claim.version)


async def change_reserve(
    db: Database,
    actor: Actor,
    key: RequestKey,
    claim_id: UUID,
    version: int | None,
    command: ChangeReserve,
    state: Any,
) -> Answer:
    """Set the reserve anew; what was there before stays in its history."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_change(actor, facts)
        present = claim.reserve_amount or ZERO
        rules.change_reserve(claim.state, present, command.reserve_amount, command.reason, paid=facts.paid)
        rules.check_parts(command.reserve_amount, [one.amount for one in command.parts])
        row = set_reserve(tx, claim, command.reserve_amount, command.reason, _parts(command.parts))
        await review_adequacy(tx, claim, facts.paid)
        tx.note(
            "change_reserve", claim, before={"reserve_amount": yuan(present)},
            after={"reserve_amount": yuan(row.to_amount)}, reason=command.reason,
        )  # fmt: skip
        return tx.answer(_step(row, claim), location=f"/v1/claims/{claim.id}", version=claim.version)


async def review_adequacy(tx: Transaction, claim: Claim, paid: Decimal = ZERO) -> None:
    """Hold the reserve against the sheet: one that is too low or too high is flagged, and somebody has to set it anew.

    To be called where a sheet was made or the reserve changed; without a sheet there is nothing to compare.
    """
    if claim.sheet_version is None or claim.payable_amount is None:
        return
    told = (await in_force(tx, "service_times")).content["reserve"]
    figures = rules.Adequacy(Decimal(told["adequate_from"]), Decimal(told["adequate_to"]))
    found = rules.adequacy(claim.reserve_amount or ZERO, claim.payable_amount + paid, figures)
    claim.flags = rules.flags_with(claim.flags, found)
    await tx.flush()
    if found is None:
        await close_items(tx, claim.id, REVIEW_ITEM)
        return
    await open_item(
        tx, REVIEW_ITEM, claim, Text("准备金与理算结果不符", "The reserve does not fit the calculation sheet"),
        number=claim.claim_no, unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/reserves",
    )  # fmt: skip


async def end_review(tx: Transaction, claim: Claim) -> None:
    """The claim's money has come to its end: its reserve is nobody's work any more, and no longer too low or high."""
    claim.flags = rules.flags_with(claim.flags, None)
    await close_items(tx, claim.id, REVIEW_ITEM)


def _parts(parts: list[ReservePart]) -> list[dict[str, str]]:
    return [one.model_dump(mode="json", exclude_none=True) for one in parts]


def _step(row: ReserveChange, claim: Claim) -> ReserveOut:
    return ReserveOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), from_amount=row.from_amount,
        reserve_amount=row.to_amount, reason=row.reason, person_id=row.person_id,
        parts=[ReservePart.model_validate(one) for one in row.parts],
    )  # fmt: skip


ACTIONS = (
    Action("register", "POST", "/v1/claims/{id}/registrations", "claims.reserve.register", check_register),
    Action("change_reserve", "POST", "/v1/claims/{id}/reserves", "claims.reserve.change", check_change),
)
