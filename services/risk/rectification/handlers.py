"""Issuing notices and recording their service: from then on the customer cures what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.risk.hazard import rules as hazard_rules
from services.risk.hazard.handlers import tell_found
from services.risk.hazard.rules import HazardStatus
from services.risk.inspection.tables import Hazard, Inspection
from services.risk.rectification import queries, rules
from services.risk.rectification.schemas import (
    IssuedOut,
    IssueNotice,
    NoticedHazard,
    NoticeReceipt,
    NoticeState,
    ServedOut,
)
from services.risk.rectification.tables import RectificationNotice
from shared import letters
from shared.actor import Actor
from shared.attachments import attachments
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

PATH = "/v1/rectification-notices"


async def issue_notice(db: Database, actor: Actor, key: RequestKey, command: IssueNotice, folder: Path) -> Answer:
    """Write the notice about hazards of one visit; with `dry_run` its page is shown and nothing is kept."""
    async with db.transaction(actor, key) as tx:
        try:
            inspection = await tx.find(Inspection, command.inspection_id)
        except NotFound as fault:
            raise ReferenceNotFound.at("#/inspection_id") from fault
        hazards = await _named(tx, command)
        hazard_rules.check_notice([(str(one.id), HazardStatus(one.status)) for one in hazards])
        notice = await _written(tx, inspection, hazards, command)
        letter = await letters.drafted(
            tx, notice, rules.LetterKind.NOTICE, await queries.facts_of(tx, notice, inspection, hazards)
        )
        row = await letters.issue(tx, folder, notice, letter)
        notice.letter_id, notice.attachment_id = row["id"], row["attachment_id"]
        await _follow_on(tx, notice, hazards)
        told = NoticedHazard.model_validate
        out = IssuedOut(
            id=notice.id, version=notice.version, created_at=tx.now, hazards=[told(one) for one in notice.hazards],
            letter_id=None if tx.dry_run else row["id"], attachment_id=None if tx.dry_run else row["attachment_id"],
            template_version=letter.template_version, title=letter.title,
            page=letters.as_text(letter.page) if tx.dry_run else None,
        )  # fmt: skip
        return tx.answer(out, location=f"{PATH}/{notice.id}", version=notice.version)


async def _named(tx: Transaction, command: IssueNotice) -> Sequence[Hazard]:
    """The hazards of the visit that the notice names, locked. Refuses one of another visit, and one told already."""
    mine = select(Hazard).where(Hazard.inspection_id == command.inspection_id, Hazard.id.in_(command.hazard_ids))
    found = {one.id: one for one in await tx.scalars(mine.order_by(Hazard.id).with_for_update())}
    for n, hazard_id in enumerate(command.hazard_ids):
        if hazard_id not in found:
            raise ReferenceNotFound.at(f"#/hazard_ids/{n}")
    for one in found.values():
        rules.refuse_pending(str(one.id), one.notice_id is not None)
    return list(found.values())


async def _written(
    tx: Transaction, inspection: Inspection, hazards: Sequence[Hazard], command: IssueNotice
) -> RectificationNotice:
    told = [
        {
            "hazard_id": str(one.id), "class": one.hazard_class,
            "rectify_days": rules.days_given(str(one.id), command.rectify_days.get(str(one.id)), one.rectify_days),
        }
        for one in hazards
    ]  # fmt: skip
    notice = RectificationNotice(
        id=uuid7(), version=1, org_path=inspection.org_path, inspection_id=inspection.id,
        inspection_no=inspection.inspection_no, policy_id=inspection.policy_id, policy_no=inspection.policy_no,
        customer_id=inspection.customer_id, unit_code=inspection.unit_code, hazards=told, advice=command.advice,
        issued_by=tx.actor.person_id,
    )  # fmt: skip
    tx.add(notice)
    await tx.flush()
    return notice


async def _follow_on(tx: Transaction, notice: RectificationNotice, hazards: Sequence[Hazard]) -> None:
    """The hazards wait for the service now, and somebody has to see to it."""
    for one in hazards:
        one.notice_id, one.updated_at = notice.id, tx.now
        one.version += 1
        await close_items(tx, one.id, "issue_rectification_notice")
        tx.note("issue_notice", one, after={"notice_id": notice.id})
    await open_item(
        tx, "serve_rectification_notice", notice, Text("送达整改意见书并取得回执", "Serve the notice with a receipt"),
        number=notice.inspection_no, unit_code=notice.unit_code, position="risk_engineer",
        href=f"{PATH}/{notice.id}/receipts",
    )  # fmt: skip
    tx.note("issue", notice, after={"hazards": notice.hazards})


async def record_service(
    db: Database, actor: Actor, key: RequestKey, notice_id: UUID, version: int | None, command: NoticeReceipt
) -> Answer:
    """Record the service with its receipt, a file of the notice: the periods begin."""
    async with db.transaction(actor, key) as tx:
        notice = await tx.find_for_change(RectificationNotice, notice_id, version)
        rules.refuse_served(notice.served_at)
        proof = command.receipt_attachment_id
        await _serve(tx, notice, command.at, command.method, None if proof is None else str(proof))
        if proof is not None and not await _is_of(tx, notice, proof):
            raise ReferenceNotFound.at("#/receipt_attachment_id")
        if notice.letter_id is not None and command.at is not None:
            await letters.mark_served(tx, notice.letter_id, command.at, command.method, proof)
        tx.note("serve", notice, after={"served_at": command.at, "method": command.method})
        out = ServedOut(
            id=uuid7(), created_at=tx.now, served_at=notice.served_at or tx.now, method=command.method,
            hazards=[NoticedHazard.model_validate(one) for one in notice.hazards],
            rectification_notice=NoticeState(id=notice.id, version=notice.version),
        )  # fmt: skip
        return tx.answer(out, location=f"{PATH}/{notice.id}", version=notice.version)


async def _is_of(tx: Transaction, notice: RectificationNotice, attachment_id: UUID) -> bool:
    files = attachments.c
    mine = select(files.id).where(files.id == attachment_id, files.record_id == notice.id)
    return await tx.scalar(mine) is not None and attachment_id != notice.attachment_id


async def served(
    tx: Transaction, notice: RectificationNotice, letter: Mapping[str, Any], at: datetime, method: str, _state: Any
) -> None:
    """The receipt of the notice's own letter is its service; that of a reminder is written down with the letter."""
    if letter["kind"] == rules.LetterKind.NOTICE:
        rules.refuse_served(notice.served_at)
        proof = await tx.scalar(select(letters.letters.c.served_proof).where(letters.letters.c.id == letter["id"]))
        await _serve(tx, notice, at, method, None if proof is None else str(proof))


async def _serve(
    tx: Transaction, notice: RectificationNotice, at: datetime | None, method: str, receipt_id: str | None
) -> None:
    days = {one["hazard_id"]: one["rectify_days"] for one in notice.hazards}
    hazards, due = await queries.hazards_of(tx, notice, lock=True), dict[str, date]()
    for one in hazards:
        issued_at = notice.created_at.replace(microsecond=0)
        state = hazard_rules.serve_notice(
            HazardStatus(one.status), at, method, receipt_id, issued_at=issued_at, now=tx.now
        )
        before, one.status = one.status, str(state)
        served_on = legal_day(at or tx.now)
        one.served_on = served_on
        one.due_on = due[str(one.id)] = hazard_rules.due_on(served_on, days[str(one.id)])
        one.updated_at = tx.now
        one.version += 1
        tell_found(tx, one)
        await follow_up_item(tx, one, notice.inspection_no)
        tx.note("serve_notice", one, before={"status": before}, after={"status": one.status, "due_on": one.due_on})
    notice.served_at, notice.served_method = at, method
    notice.receipt_attachment_id = None if receipt_id is None else UUID(receipt_id)
    notice.hazards = [one | {"due_on": due[one["hazard_id"]].isoformat()} for one in notice.hazards]
    await close_items(tx, notice.id)


async def follow_up_item(tx: Transaction, hazard: Hazard, number: str | None) -> None:
    """Somebody sees to it that the hazard is cured in time."""
    if hazard.due_on is not None:
        await open_item(
            tx, "follow_up_hazard", hazard, Text("跟踪隐患整改", "See to the cure of the hazard"), number=number,
            unit_code=hazard.unit_code, position="risk_engineer", basis="DL-LP-2",
            due_at=at_midnight(hazard.due_on + timedelta(days=1)), href=f"/v1/hazards/{hazard.id}/evidence",
            priority="high" if hazard.hazard_class in ("extreme", "high") else "normal",
        )  # fmt: skip
