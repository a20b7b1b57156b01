"""Record proceedings and their result; a result that is final fixes the liability."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.claims.claim import queries as spine
from services.claims.claim.tables import Claim
from services.claims.litigation import rules
from services.claims.litigation.schemas import OpenLitigation, RecordResult
from services.claims.side import handlers as side
from services.claims.side import queries, shapes
from services.claims.side.rules import SideKind, SideStatus, check_amount, check_reason
from services.claims.side.tables import SideDecision
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.money import yuan
from shared.work_items import close_items, open_item

FLAG = "litigation"
"""Mark on a claim about which there were proceedings: whatever is decided of it goes to the branch."""

HEARING_ITEM, APPEAL_ITEM, FIXED_ITEM = "hearing", "appeal", "liability_fixed"


def check_open(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may record proceedings about this claim now."""
    rules.may_open(facts.claim.state, facts.duties, actor)


ACTIONS = (Action("open_litigation", "POST", "/v1/claims/{id}/litigation", "claims.litigation.open", check_open),)


async def open_litigation(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: OpenLitigation,
    state: Any,
) -> Answer:  # fmt: skip
    """Proceedings have begun; the hearing is kept as work with its day."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_open(actor, await spine.facts_of(tx, claim, state))
        check_reason(("reason", command.reason))
        check_amount(command.claimed_amount)
        rules.check_filed(command.filed_on, legal_day(claim.loss_at), legal_day(tx.now))
        told = command.model_dump(mode="json", exclude_none=True, exclude={"reason", "claimed_amount", "kind"})
        told |= {"proceedings": command.kind}
        row = side.begin(
            tx, claim, SideKind.LITIGATION, SideStatus.OPEN, command.claimed_amount, command.reason, told
        )  # fmt: skip
        if FLAG not in claim.flags:
            claim.flags = [*claim.flags, FLAG]
        if command.hearing_on is not None:
            words = Text("出庭应诉", "Appear in court")
            await _tell(tx, claim, HEARING_ITEM, words, command.hearing_on, href=f"{side.href(claim, row)}/results")
        tx.note("open_litigation", claim, after={"side_id": row.id, "case_no": command.case_no}, reason=command.reason)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


async def _tell(
    tx: Transaction, claim: Claim, kind: str, title: Text, day: date | None, *, href: str, method: str = "POST",
    basis: str | None = None,
) -> None:  # fmt: skip
    await open_item(
        tx, kind, claim, title, number=claim.claim_no, unit_code=claim.unit_code, position="adjuster", href=href,
        method=method, due_at=day and at_midnight(day + timedelta(days=1)), basis=basis, priority="high",
    )  # fmt: skip


async def record_court_result(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, side_id: UUID, version: int | None,
    command: RecordResult, state: Any,
) -> Answer:  # fmt: skip
    """What the court decided: open to appeal until its day, or final; a settlement goes before its chain."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_open(actor, facts)
        row = await queries.side_of(tx, claim, side_id, SideKind.LITIGATION)
        told = rules.Outcome(command.result, command.decided_on, command.served_on, command.amount, command.final)
        status = rules.conclude(row.as_side(), told, facts.sides, legal_day(tx.now))
        before = {"status": row.status}
        until = rules.appeal_until(told, (await queries.figures(tx)).content["appeal_days"])
        row.facts = {**row.facts, **_kept(command, until)}
        await close_items(tx, claim.id, HEARING_ITEM, APPEAL_ITEM)
        if status is SideStatus.REQUESTED:
            check_reason(("reason", command.reason))
            await side.ask(tx, claim, row, state)
        else:
            row.status = str(status)
            await _follow(tx, claim, row, until)
        after = {"side_id": row.id, "status": row.status, "result": command.result, "appeal_until": until}
        tx.note("record_result", claim, before=before, after=after, reason=command.reason)
        out = shapes.side(row, claim, {actor.person_id: actor.staff_no})
        return tx.answer(out, location=side.href(claim, row), version=claim.version)


def _kept(command: RecordResult, until: date | None) -> dict[str, Any]:
    told = {
        "result": str(command.result), "decided_on": command.decided_on.isoformat(),
        "served_on": command.served_on and command.served_on.isoformat(),
        "result_amount": None if command.amount is None else yuan(command.amount),
        "appeal_until": until and until.isoformat(),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


async def _follow(tx: Transaction, claim: Claim, row: SideDecision, until: date | None) -> None:
    """The day to appeal is kept as work; a final result fixes the liability."""
    if row.status == SideStatus.JUDGED:
        words = Text("决定是否上诉", "Decide whether to appeal")
        href = f"{side.href(claim, row)}/results"
        await _tell(tx, claim, APPEAL_ITEM, words, until, href=href, basis="民事诉讼法第171条")
    elif row.status == SideStatus.FINAL:
        await fix(tx, claim, row)
    else:
        row.decided_at = tx.now


async def fix(tx: Transaction, claim: Claim, row: SideDecision) -> None:
    """The liability is fixed from the day of the result: the limitation runs, and the sheet is to say the same."""
    row.decided_at = tx.now
    claim.liability_fixed_on = date.fromisoformat(row.facts["decided_on"])
    words = Text("责任已由裁判确定，请按其核定", "The liability is fixed: let the claim follow it")
    await _tell(tx, claim, FIXED_ITEM, words, None, href=f"/v1/claims/{claim.id}", method="GET")


async def settled(tx: Transaction, claim: Claim, row: SideDecision, _state: Any) -> None:
    """The settlement was consented to."""
    await fix(tx, claim, row)
