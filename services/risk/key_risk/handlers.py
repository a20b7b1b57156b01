"""Risk control files open by themselves where a criterion is met, and are closed by a person where none holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from services.risk import events
from services.risk.key_risk import queries, rules
from services.risk.key_risk.rules import FileStatus
from services.risk.key_risk.schemas import CloseFile, FileFactOut, ReviewFile
from services.risk.key_risk.tables import KeyRiskEvaluation, KeyRiskFile, KeyRiskReview
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import in_force
from shared.work_items import close_items, open_item

_ONE_CUSTOMER = text("select pg_advisory_xact_lock(hashtextextended('risk.customer.' || cast(:id as text), 0))")
KEEP, RENEW = "keep_key_risk_file", "key_risk_before_renewal"


async def evaluate(tx: Transaction, customer_id: UUID | None, *, heard: bool = True) -> None:
    """Bring the customer's file to what is known now: open one where a criterion is met and none is open, keep the
    criteria of the open one, and end it where what opened it was taken back (`heard`: by an event, not by time)."""
    if customer_id is None:
        return
    await tx.execute(_ONE_CUSTOMER, {"id": str(customer_id)})
    met = await queries.criteria_of(tx, customer_id)
    looked = insert(KeyRiskEvaluation).values(customer_id=customer_id, evaluated_at=tx.now)
    await tx.execute(looked.on_conflict_do_update(index_elements=["customer_id"], set_={"evaluated_at": tx.now}))
    open_one = select(KeyRiskFile).where(KeyRiskFile.customer_id == customer_id, KeyRiskFile.status != "closed")
    file = await tx.scalar(open_one.with_for_update())
    if file is None:
        if met:
            await _open(tx, customer_id, met)
    elif heard and rules.withdrawn(FileStatus(file.status), met):
        await _end(tx, file, customer_id, "criteria_withdrawn")
    else:
        await _keep(tx, file, met)


async def _open(tx: Transaction, customer_id: UUID, met: list[rules.Criterion]) -> None:
    path, unit = await queries.place_of(tx, customer_id)
    contact = await queries.last_contact(tx, customer_id)
    file = KeyRiskFile(
        id=uuid7(), version=1, org_path=path, customer_id=customer_id, unit_code=unit,
        criteria=[str(one) for one in met], status=str(rules.open_file(None)), opened_at=tx.now,
        last_contact_at=contact, contact_due_on=legal_day(contact or tx.now) + await queries.contact_gap(tx),
    )  # fmt: skip
    tx.add(file)
    await tx.flush()
    tx.publish(events.KeyRiskFileOpened(customer_id=customer_id, criteria=file.criteria), file)
    await _ask_for(tx, file)
    tx.note("open", file, after={"criteria": file.criteria})


async def _ask_for(tx: Transaction, file: KeyRiskFile) -> None:
    days = (await in_force(tx, "loss_prevention")).content["key_risk"]["opening_days"]
    await open_item(
        tx, KEEP, file, Text("建立重点客户风险控制档案", "Keep the customer's risk control file"),
        number=None, unit_code=file.unit_code, position="risk_engineer",
        due_at=at_midnight(legal_day(file.opened_at) + timedelta(days=days + 1)),
        priority="high" if await queries.is_key_account(tx, file.customer_id) else "normal",
        href=f"/v1/key-risk-files/{file.id}/reviews",
    )  # fmt: skip


async def before_renewal(tx: Transaction, customer_id: UUID, ends_at: datetime) -> None:
    """A policy of the customer ends soon: a file that nobody has worked on yet is urgent, once."""
    await evaluate(tx, customer_id, heard=False)
    waiting = select(KeyRiskFile).where(KeyRiskFile.customer_id == customer_id, KeyRiskFile.status == "open")
    file = await tx.scalar(waiting)
    if file is not None:
        await open_item(
            tx, RENEW, file, Text("续保前完成风险控制档案", "Work on the file before the renewal"), number=None,
            unit_code=file.unit_code, position="risk_engineer", due_at=ends_at, priority="high",
            href=f"/v1/key-risk-files/{file.id}/reviews",
        )  # fmt: skip


async def _keep(tx: Transaction, file: KeyRiskFile, met: list[rules.Criterion]) -> None:
    """The criteria as they are now; a file that nobody has worked on lies where the newest policy does."""
    criteria = [str(one) for one in met]
    before = {"criteria": file.criteria, "unit_code": file.unit_code}
    path, unit = file.org_path, file.unit_code
    if file.status == FileStatus.OPEN:
        path, unit = await queries.place_of(tx, file.customer_id)
    if (criteria, path, unit) == (file.criteria, file.org_path, file.unit_code):
        return
    moved = path != file.org_path
    file.criteria, file.org_path, file.unit_code, file.updated_at = criteria, path, unit, tx.now
    file.version += 1
    await tx.flush()
    if moved:
        await close_items(tx, file.id)
        await _ask_for(tx, file)
    tx.note("reevaluate", file, before=before, after={"criteria": criteria, "unit_code": unit})


async def _end(tx: Transaction, file: KeyRiskFile, customer_id: UUID, reason: str) -> None:
    before = file.status
    file.status, file.closed_at, file.updated_at = str(FileStatus.CLOSED), tx.now, tx.now
    file.closed_reason, file.criteria = reason, []
    file.version += 1
    tx.publish(events.KeyRiskFileClosed(customer_id=customer_id), file)
    await close_items(tx, file.id)
    tx.note("close", file, before={"status": before}, after={"status": file.status}, reason=reason)


async def merged_away(tx: Transaction, merged: UUID, kept: UUID) -> None:
    """Two customers are one: the file of the one that is gone ends, the kept one's is opened or brought up to date."""
    await tx.execute(_ONE_CUSTOMER, {"id": str(merged)})
    open_one = select(KeyRiskFile).where(KeyRiskFile.customer_id == merged, KeyRiskFile.status != "closed")
    file = await tx.scalar(open_one.with_for_update())
    if file is not None:
        await _end(tx, file, merged, "customer_merged")
    await evaluate(tx, kept)


async def activate(tx: Transaction, file: KeyRiskFile, action: str) -> None:
    """Somebody works on the risk: the file is active, and looked through again a cycle from now at the latest."""
    before, today = file.status, legal_day(tx.now)
    file.status, file.updated_at = str(rules.review(FileStatus(file.status))), tx.now
    file.review_due_on = file.review_due_on or rules.next_review(today, await queries.review_months(tx), None)
    await close_items(tx, file.id, KEEP, RENEW)
    tx.note(action, file, before={"status": before}, after={"status": file.status, "next": file.review_due_on})


async def review_file(
    db: Database, actor: Actor, key: RequestKey, file_id: UUID, version: int | None, command: ReviewFile
) -> Answer:
    """Look a file through: what was found, what will be done, and when it is looked through again."""
    async with db.transaction(actor, key) as tx:
        file = await tx.find_for_change(KeyRiskFile, file_id, version)
        rules.review(FileStatus(file.status))
        next_on = rules.next_review(legal_day(tx.now), await queries.review_months(tx), command.next_review_on)
        file.review_due_on, file.reviewed_at = next_on, tx.now
        row = KeyRiskReview(
            id=uuid7(), org_path=file.org_path, file_id=file.id, findings=command.findings, measures=command.measures,
            criteria=file.criteria, next_review_on=next_on, person_id=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        await activate(tx, file, "review")
        await close_items(tx, file.id, "review_key_risk_file")
        return _answer(tx, file, command.findings, row.id)


async def close_file(
    db: Database, actor: Actor, key: RequestKey, file_id: UUID, version: int | None, command: CloseFile
) -> Answer:
    """Close a file once no criterion holds any more."""
    async with db.transaction(actor, key) as tx:
        file = await tx.find_for_change(KeyRiskFile, file_id, version)
        before = file.status
        await tx.use_scope("00")
        await tx.execute(_ONE_CUSTOMER, {"id": str(file.customer_id)})
        met = await queries.criteria_of(tx, file.customer_id)
        file.status = str(rules.close_file(FileStatus(file.status), met))
        file.closed_at, file.criteria, file.closed_reason = tx.now, [], "closed_by_person"
        tx.publish(events.KeyRiskFileClosed(customer_id=file.customer_id), file)
        await close_items(tx, file.id)
        tx.note("close", file, before={"status": before}, after={"status": file.status}, reason=command.reason)
        return _answer(tx, file, command.reason, uuid7())


def _answer(tx: Transaction, file: KeyRiskFile, reason: str, fact_id: UUID) -> Answer:
    state = {"id": str(file.id), "version": file.version, "status": file.status}
    out = FileFactOut(id=fact_id, created_at=tx.now, reason=reason, key_risk_file=state)
    return tx.answer(out, location=f"/v1/key-risk-files/{file.id}", version=file.version)
