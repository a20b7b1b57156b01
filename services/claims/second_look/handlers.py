"""Draw files, look for patterns, record what the second look found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.claim.rules import Held, acting
from services.claims.claim.tables import Claim
from services.claims.second_look import queries, rules, shapes
from services.claims.second_look.rules import PATTERNS, Case, Figures, Found, Kind
from services.claims.second_look.schemas import RecordResult, ResultOut
from services.claims.second_look.tables import QualityCheck
from shared import directory
from shared.actions import Action
from shared.actor import Actor, machine
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.ticks import Tick
from shared.ticks import claim as take_work
from shared.work_items import close_items, open_item

LOOK_ITEM, FINDING_ITEM = "second_look", "second_look_finding"
FRAUD_FLAG = "suspected_fraud"
HEAD_OFFICE = "00"
_DAILY = UUID("3c9a5bb8-6a6e-5f7c-8a55-2f5f0b7d1e01")


@dataclass(frozen=True)
class LookFacts:
    """What recording a result is judged by."""

    check: QualityCheck
    duties: tuple[Held, ...]
    interested: frozenset[UUID]


async def facts_of(tx: Transaction, row: QualityCheck, state: Any) -> LookFacts:
    """Everything that recording a result on this look is judged by."""
    ids = queries.claim_ids(row)
    interested = await queries.interested_in(tx, ids, state.digest_key)
    return LookFacts(row, await queries.duties_on(tx, ids), interested)


def check_record(actor: Actor, facts: LookFacts) -> None:
    """Whether this caller may record the result now."""
    row = facts.check
    rules.may_record(row.status, row.outcome, facts.duties, acting(actor), facts.interested)


ACTIONS = (
    Action("record_result", "POST", "/v1/quality-checks/{id}/results", "claims.quality_check.record", check_record),
)


async def draw(tx: Transaction, claim: Claim, state: Any) -> None:
    """A claim was decided: whether it is looked at again is told by its lot, and nobody is told before.

    The unit above the deciding one looks; the row is that unit's, so the transaction goes on in the widest scope.
    """
    if claim.outcome not in queries.PAID:
        return
    figures = await queries.figures(tx)
    lot = rules.lot_of(state.digest_key, claim.id, claim.sheet_version or 0)
    if not rules.drawn(lot, figures.share):
        return
    case = Case(claim.id, claim.claim_no, claim.org_path, claim.gross_amount or ZERO, tx.now)
    await tx.use_scope(HEAD_OFFICE)
    await _open(tx, Kind.SAMPLE, lot, [case], figures, rules.path_above(tx.actor.scope))


async def _open(
    tx: Transaction, kind: Kind, subject: str, cases: Sequence[Case], figures: Figures, path: str
) -> QualityCheck:
    unit = (await directory.units_on_path(tx, path))[:1]
    row = QualityCheck(
        id=uuid7(), version=1, org_path=unit[0].path if unit else HEAD_OFFICE, created_at=tx.now, updated_at=tx.now,
        kind=str(kind), status="open", unit_code=unit[0].code if unit else HEAD_OFFICE, subject=subject,
        rule_version=figures.version, due_at=tx.now + figures.within, **_counted(tx, cases),
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    await open_item(
        tx, LOOK_ITEM, row, Text("复核已审批赔案", "Second look at decided claims"), number=None,
        unit_code=row.unit_code, position="claims_approver", href=f"/v1/quality-checks/{row.id}/results",
        due_at=row.due_at, basis="second_look",
    )  # fmt: skip
    tx.note("open", row, after={"kind": row.kind, "claim_count": row.claim_count, "rule_version": row.rule_version})
    return row


def _counted(tx: Transaction, cases: Sequence[Case]) -> dict[str, Any]:
    told = [{"claim_id": str(one.claim_id), "claim_no": one.claim_no, "amount": yuan(one.amount)} for one in cases]
    total = sum((one.amount for one in cases), Decimal(0))
    return {"claims": told, "claim_count": len(told), "total_amount": total, "counted_to": tx.now}


async def look_for_patterns(tx: Transaction) -> int:
    """Open a look at every pattern that is not looked at yet, and add what is new to those that are; how many."""
    figures, touched = await queries.figures(tx), 0
    for kind in PATTERNS:
        for subject, cases in sorted((await queries.patterns(tx, kind, figures)).items()):
            touched += await _told(tx, kind, subject, cases, figures)
    return touched


async def _told(tx: Transaction, kind: Kind, subject: str, cases: Sequence[Case], figures: Figures) -> bool:
    last = await queries.last_look(tx, kind, subject)
    done = last is not None and last.status == "done"
    fresh = rules.new_cases(cases, last.counted_to if last is not None and done else None)
    if not rules.flagged(fresh, figures.patterns[kind]):
        return False
    if last is None or done:
        path = rules.path_above(rules.common_path(one.org_path for one in fresh))
        await _open(tx, kind, subject, fresh, figures, path)
        return True
    if {str(one.claim_id) for one in fresh} == {one["claim_id"] for one in last.claims}:
        return False
    before = {"claim_count": last.claim_count}
    for name, value in _counted(tx, fresh).items():
        setattr(last, name, value)
    last.version, last.updated_at = last.version + 1, tx.now
    tx.note("grow", last, before=before, after={"claim_count": last.claim_count})
    return True


async def _watch(database: Database, _limit: int) -> int:
    """Once a day."""
    async with database.transaction(machine(database.service)) as tx:
        if not await take_work(tx, "pattern_watch", _DAILY, legal_day(tx.now)):
            return 0
        await look_for_patterns(tx)
        return 1


TICKS = (Tick("pattern_watch", timedelta(minutes=10), _watch),)


async def record_result(
    db: Database, actor: Actor, key: RequestKey, check_id: UUID, version: int | None, command: RecordResult, state: Any
) -> Answer:
    """What the second look found. A suspicion marks the claims, and whoever heads the unit that looked is told."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(QualityCheck, check_id, version)
        check_record(actor, await facts_of(tx, row, state))
        found = Found(command.outcome)
        rules.check_result(found, command.findings)
        row.status, row.outcome, row.findings = "done", str(found), command.findings
        row.checked_by, row.checked_at = actor.person_id, tx.now
        await close_items(tx, row.id, LOOK_ITEM)
        marked = await _mark(tx, row, found)
        tx.note("record_result", row, before={"status": "open"}, after={"status": row.status, "outcome": row.outcome})
        out = ResultOut(
            id=row.id, created_at=tx.now, outcome=str(found), flagged_claims=marked, quality_check=shapes.state_of(row)
        )
        return tx.answer(out, location=f"/v1/quality-checks/{row.id}", version=row.version)


async def _mark(tx: Transaction, row: QualityCheck, found: Found) -> list[str]:
    """The numbers of the claims that are marked; an error is told without a mark."""
    if found is Found.IN_ORDER:
        return []
    ids = queries.claim_ids(row)
    claims = await tx.scalars(select(Claim).where(Claim.id.in_(ids)).order_by(Claim.id).with_for_update())
    marked = []
    for claim in claims:
        await open_item(
            tx, FINDING_ITEM, claim, Text("复核发现问题，请处理", "The second look found something: deal with it"),
            number=claim.claim_no, unit_code=row.unit_code, position="department_head", method="GET",
            href=f"/v1/claims/{claim.id}", priority="high",
        )  # fmt: skip
        if found is Found.SUSPECTED_FRAUD and FRAUD_FLAG not in claim.flags:
            claim.flags = [*claim.flags, FRAUD_FLAG]
            claim.version, claim.updated_at = claim.version + 1, tx.now
            tx.note("suspect", claim, after={"flags": claim.flags})
            marked.append(claim.claim_no)
    return marked
