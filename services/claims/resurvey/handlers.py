"""What follows a dispatch: the surveyor's yes or no, a further survey of the same loss, and what time brings to both: a
surveyor who does not answer is replaced, a survey that is late climbs one level."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.claims.claim import queries as spine
from services.claims.claim.shapes import state_of
from services.claims.claim.tables import Claim
from services.claims.survey import queries, rules
from services.claims.survey.handlers import dispatched, send, surveyor_to_send
from services.claims.survey.schemas import AnswerDispatch, AnswerOut, OrderResurvey
from services.claims.survey.tables import DispatchAnswer
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item


def check_answer(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may say that he goes, or that he does not."""
    claim = facts.claim
    rules.may_answer(
        claim.state, actor, claim.surveyor_person_id, resurvey=claim.resurvey_open,
        accepted=claim.survey_accepted_at is not None,
    )  # fmt: skip


def check_resurvey(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether a further survey may be ordered now."""
    rules.may_resurvey(facts.claim.state)


async def order_resurvey(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: OrderResurvey, state: Any
) -> Answer:
    """Have a loss surveyed once more, with the reason; the claim goes on meanwhile, and the first survey stays."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_resurvey(actor, facts)
        rules.require_reason(command.reason)
        surveyor = await surveyor_to_send(tx, claim, facts, command.surveyor_person_id)
        row = await send(tx, claim, surveyor, command.due_at, reason=command.reason, resurvey=True)
        claim.resurvey_open = True
        tx.note("order_resurvey", claim, after={"surveyor": surveyor}, reason=command.reason)
        where = f"/v1/claims/{claim.id}/dispatches/{row.id}"
        return tx.answer(dispatched(claim, row), location=where, version=claim.version)


async def answer_dispatch(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: AnswerDispatch
) -> Answer:
    """The surveyor who was sent says that he goes; or that he does not, and the unit sends another one."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_answer(actor, await spine.facts_of(tx, claim))
        accepted = command.outcome == "accepted"
        if not accepted:
            rules.require_reason(command.reason)
        row = DispatchAnswer(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, accepted=accepted,
            reason=command.reason, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        claim.survey_accept_due_at = None
        if accepted:
            claim.survey_accepted_at = tx.now
            await close_items(tx, claim.id, "survey_not_accepted")
        else:
            await _declined(tx, claim)
        tx.note(f"survey_{command.outcome}", claim, after={"surveyor": actor.person_id}, reason=command.reason)
        out = AnswerOut(
            id=row.id, created_at=tx.now, claim=state_of(claim), outcome=command.outcome, reason=command.reason
        )
        return tx.answer(out, location=f"/v1/claims/{claim.id}", version=claim.version)


async def _declined(tx: Transaction, claim: Claim) -> None:
    """Nobody goes: the unit sends another one; the order of a further survey ends and can be given again."""
    was_resurvey = claim.resurvey_open
    claim.surveyor_person_id = claim.survey_due_at = claim.survey_overdue_at = None
    claim.resurvey_open = False
    await close_items(tx, claim.id, "survey", "survey_not_accepted", "survey_overdue")
    below = "resurveys" if was_resurvey else "dispatches"
    await open_item(
        tx, "dispatch", claim, Text("查勘员拒绝，请另行调度", "The surveyor declined: send another one"),
        number=claim.claim_no, unit_code=claim.unit_code, position="service_agent", priority="high",
        href=f"/v1/claims/{claim.id}/{below}",
    )  # fmt: skip


async def not_accepted(tx: Transaction, claim_id: UUID) -> None:
    """Ask the unit, once for each dispatch, to send another one."""
    claim = await tx.find(Claim, claim_id, lock=True)
    if claim.survey_accept_due_at is None or claim.survey_accept_due_at > tx.now:
        return
    due_at, claim.survey_accept_due_at = claim.survey_accept_due_at, None
    await open_item(
        tx, "survey_not_accepted", claim, Text("查勘员未按时接单", "The surveyor has not accepted in time"),
        number=claim.claim_no, unit_code=claim.unit_code, position="service_agent", due_at=due_at,
        basis="accept_within", href=_again(claim), priority="high",
    )  # fmt: skip
    tx.note("survey_not_accepted", claim, after={"surveyor": claim.surveyor_person_id, "due_at": due_at.isoformat()})


async def late(tx: Transaction, claim_id: UUID) -> None:
    """Tell the head of the unit above, once for each dispatch."""
    claim = await tx.find(Claim, claim_id, lock=True)
    due_at = claim.survey_due_at
    if due_at is None or due_at > tx.now or claim.survey_overdue_at is not None:
        return
    claim.survey_overdue_at = tx.now
    above = (await directory.units_on_path(tx, claim.org_path.rpartition(".")[0] or "00"))[:1]
    unit_code = above[0].code if above else "00"
    await open_item(
        tx, "survey_overdue", claim, Text("查勘超时", "The survey is overdue"), number=claim.claim_no,
        unit_code=unit_code, position="department_head", due_at=due_at, basis="survey_within",
        href=_again(claim), priority="high",
    )  # fmt: skip
    after = {"surveyor": claim.surveyor_person_id, "due_at": due_at.isoformat(), "escalated_to": unit_code}
    tx.note("survey_overdue", claim, after=after)


def _again(claim: Claim) -> str:
    """Where another surveyor is sent."""
    return f"/v1/claims/{claim.id}/{'resurveys' if claim.resurvey_open else 'dispatches'}"


ACTIONS = (
    Action("answer_dispatch", "POST", "/v1/claims/{id}/acceptances", "claims.survey.report", check_answer),
    Action("resurvey", "POST", "/v1/claims/{id}/resurveys", "claims.survey.dispatch", check_resurvey),
)
TICKS = (
    Tick("survey_acceptance", timedelta(minutes=1), one_by_one(queries.unaccepted, not_accepted)),
    Tick("survey_overdue", timedelta(minutes=1), one_by_one(queries.overdue, late)),
)
