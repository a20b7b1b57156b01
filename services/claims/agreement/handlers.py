"""Agree on the amount, serve the notice of the result, explain it; and what the end of a claim's money means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims import events
from services.claims.adjustment import handlers as adjustment
from services.claims.adjustment import queries as sheets
from services.claims.adjustment.rules import split_among_beneficiaries
from services.claims.agreement import queries, rules, shapes
from services.claims.agreement.schemas import BeneficiaryIn, RecordAgreement, RecordExplanation, ServeNotice
from services.claims.agreement.tables import Explanation, ResultNotice, SettlementAgreement
from services.claims.claim import queries as spine
from services.claims.claim.rules import ClaimStatus, Outcome
from services.claims.claim.tables import Claim
from services.claims.deadlines import queries as deadlines
from services.claims.reserve.handlers import end_review
from services.claims.side.handlers import record_overpayment
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.notices import send_notice
from shared.periods import Deadline
from shared.work_items import close_items, open_item

MOOT_ONCE_SETTLED = (rules.ORDER_ITEM, "advance_payment")


RESULTS = {"paid": "赔付", "partial": "部分赔付", "refused": "不予赔偿", "zero": "核定金额为零"}
"""Results as a message names them."""


def _outcome(claim: Claim) -> Outcome | None:
    return None if claim.outcome is None else Outcome(claim.outcome)


def check_agree(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether an agreement on this claim may be recorded now."""
    rules.may_agree(facts.claim.state, _outcome(facts.claim))


def check_serve(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether the notice of this claim's result may be served now."""
    rules.may_serve(facts.claim.state, _outcome(facts.claim), facts.served)


def check_explain(_actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this claim's result may be explained now."""
    rules.refuse_not_told(facts.claim.state)


ACTIONS = (
    Action("agree", "POST", "/v1/claims/{id}/settlement-agreements", "claims.agreement.record", check_agree),
    Action("serve_notice", "POST", "/v1/claims/{id}/notices", "claims.notice.serve", check_serve),
    Action("explain", "POST", "/v1/claims/{id}/explanations", "claims.explanation.record", check_explain),
)


async def record_agreement(
    db: Database,
    actor: Actor,
    key: RequestKey,
    claim_id: UUID,
    version: int | None,
    command: RecordAgreement,
    state: Any,
) -> Answer:
    """The amount is agreed: the 10 days to pay begin. With nothing left to pay the claim is paid at once."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_agree(actor, await spine.facts_of(tx, claim, state))
        decision = await queries.decision_of(tx, claim)
        moves = rules.agree(claim.state, decision, command.agreed_at, claim.payable_amount or ZERO, tx.now)
        await _check_beneficiaries(tx, claim, command.beneficiaries)
        row = SettlementAgreement(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path,
            sheet_version=claim.sheet_version or 0, agreed_at=command.agreed_at, amount=claim.payable_amount or ZERO,
            beneficiaries=[one.model_dump(mode="json") for one in command.beneficiaries], person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        before = {"status": claim.status}
        claim.agreed_at = command.agreed_at
        period = await _payment_period(tx, claim)
        for status in moves:
            claim.advance(status)
        if claim.state is ClaimStatus.PAID:
            await settle(tx, claim, command.agreed_at)
        else:
            await _ask_for_payment(tx, claim, period)
        after = {"status": claim.status, "agreed_at": claim.agreed_at, "amount": yuan(row.amount)}
        tx.note("agree", claim, before=before, after=after)
        return tx.answer(shapes.agreement(row, claim, period), location=_at(claim), version=claim.version)


def _at(claim: Claim) -> str:
    return f"/v1/claims/{claim.id}"


async def _check_beneficiaries(tx: Transaction, claim: Claim, named: list[BeneficiaryIn]) -> None:
    told = [(one.claimant_ref, queries.beneficiary(one.model_dump(mode="json"))) for one in named]
    rules.refuse_unknown_claimants(told, await queries.refs_of_sheet(tx, claim))
    for ref in dict.fromkeys(ref for ref, _ in told):
        split_among_beneficiaries(ZERO, [one for at, one in told if at == ref])


async def _payment_period(tx: Transaction, claim: Claim) -> Deadline | None:
    found = [one for one in await deadlines.deadlines_of(tx, claim) if one.id == "DL-CL-3"]
    return found[0] if found else None


async def _ask_for_payment(tx: Transaction, claim: Claim, period: Deadline | None) -> None:
    await open_item(
        tx, rules.ORDER_ITEM, claim, Text("发出付款指令", "Order the payment"), number=claim.claim_no,
        unit_code=claim.unit_code, position="adjuster", href=f"{_at(claim)}/payments",
        due_at=period and period.due_at, basis="DL-CL-3",
    )  # fmt: skip


async def serve_notice(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: ServeNotice, state: Any
) -> Answer:
    """The result was told. A refusal and a result of zero stand from then on: the claim is settled."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        check_serve(actor, facts)
        decision = await queries.decision_of(tx, claim)
        clauses = None if command.clause_ids is None else tuple(command.clause_ids)
        told = rules.Notice(command.kind, command.served_at, command.reason, clauses)
        before = {"status": claim.status}
        row = await _served(tx, claim, decision, told, facts.served, command.method)
        after = {"status": claim.status, "kind": row.kind, "served_at": row.served_at, "method": row.method}
        tx.note("serve_notice", claim, before=before, after=after)
        return tx.answer(shapes.notice(row, claim), location=_at(claim), version=claim.version)


async def _served(
    tx: Transaction, claim: Claim, decision: rules.Decision, told: rules.Notice,
    served: Mapping[rules.NoticeKind, datetime], method: str,
) -> ResultNotice:  # fmt: skip
    status = rules.serve(claim.state, decision, told, served, tx.now)
    row = _notice(tx, claim, decision, told, method)
    tx.add(row)
    if status is not claim.state:
        claim.advance(status)
        await settle(tx, claim, told.served_at)
    await close_items(tx, claim.id, rules.NOTICE_ITEM)
    return row


async def serve_by_letter(tx: Transaction, claim: Claim, kind: rules.NoticeKind, at: datetime, method: str) -> None:
    """The letter that tells the result has its receipt: the notice is served, unless it was before.

    Refuses as `serve_notice` does. The caller holds the claim's row and writes the note of the change.
    """
    decision, served = await queries.decision_of(tx, claim), await queries.served(tx, claim)
    if kind not in served:
        await _served(tx, claim, decision, rules.Notice(kind, at), served, method)


def _notice(tx: Transaction, claim: Claim, decision: rules.Decision, told: rules.Notice, method: str) -> ResultNotice:
    reason, clauses = told.reason, told.clause_ids or decision.clause_ids
    if told.kind is rules.NoticeKind.REFUSE:
        reason, clauses = rules.grounds_of(decision, told)
    return ResultNotice(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path,
        determined_at=decision.determined_at, kind=str(told.kind), served_at=told.served_at, method=method,
        reason=reason, clause_ids=list(clauses), person_id=tx.actor.person_id,
    )  # fmt: skip


async def record_explanation(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RecordExplanation,
    state: Any,
) -> Answer:  # fmt: skip
    """Who explained the result, when, and what the customer replied."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        check_explain(actor, await spine.facts_of(tx, claim, state))
        decision = await queries.decision_of(tx, claim)
        rules.refuse_other_time(command.explained_at, decision, tx.now, "#/explained_at")
        row = Explanation(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path,
            determined_at=decision.determined_at, person_id=actor.person_id, **command.model_dump(),
        )  # fmt: skip
        tx.add(row)
        tx.note("explain", claim, after={"explained_at": row.explained_at, "method": row.method})
        return tx.answer(shapes.explanation(row, claim, actor), location=_at(claim), version=claim.version)


def _own_share(sheet: Mapping[str, Any]) -> Decimal:
    return Decimal(sheet["own_share_amount"])


async def settle(tx: Transaction, claim: Claim, settled_at: datetime) -> None:
    """The claim's money has come to its end: paid, refused and served, or served as zero.

    What it reserved of the policy's limits is used for good; a refused claim takes nothing. A deductible that the
    insured bore stays borne, also where nothing is paid.
    """
    claim.settled_at = settled_at
    taken: list[events.LimitUsed] = []
    if claim.outcome == Outcome.REFUSED:
        await adjustment.release_limits(tx, claim.id)
    else:
        await adjustment.settle_limits(tx, claim.id)
        taken = [
            events.LimitUsed(limit=one.limit_name, claimant_ref=one.claimant_ref, amount=one.amount)
            for one in await sheets.limits_of(tx, claim.id)
        ]
    paid = sum((one.amount for one in await sheets.paid_before(tx, claim.id)), ZERO)
    sheet = await sheets.current_sheet(tx, claim)
    beyond = paid if claim.outcome == Outcome.REFUSED or sheet is None else paid - _own_share(sheet.content)
    await record_overpayment(tx, claim, beyond, settled_at)
    tx.publish(
        events.ClaimSettled(
            claim_id=claim.id, policy_id=claim.policy_id, customer_id=claim.customer_id, outcome=claim.outcome or "",
            gross_amount=claim.gross_amount or ZERO, paid_amount=paid, by_limit=taken, settled_at=settled_at,
        ),
        claim,
    )  # fmt: skip
    await close_items(tx, claim.id, *MOOT_ONCE_SETTLED)
    await end_review(tx, claim)
    told = {"claim_no": claim.claim_no, "result": RESULTS.get(claim.outcome or "", ""), "paid": yuan(paid)}
    await send_notice(
        tx, events.NoticeSent, claim, "settled", channel="sms", address=claim.reporter.get("phone"), facts=told
    )
    await open_item(
        tx, rules.CLOSE_ITEM, claim, Text("结案", "Close the claim"), number=claim.claim_no, unit_code=claim.unit_code,
        position="adjuster", href=f"{_at(claim)}/closures",
    )  # fmt: skip
