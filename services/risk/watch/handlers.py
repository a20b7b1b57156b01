"""Files become active by a visit, are talked and looked through in time, and keep their criteria up to date."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.risk.key_risk.handlers import activate, evaluate
from services.risk.key_risk.queries import is_key_account
from services.risk.key_risk.tables import KeyRiskFile
from services.risk.watch import queries
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import open_item


async def _file(tx: Transaction, file_id: UUID) -> KeyRiskFile | None:
    return await tx.scalar(
        select(KeyRiskFile).where(KeyRiskFile.id == file_id, KeyRiskFile.status != "closed").with_for_update()
    )


async def _activate(tx: Transaction, file_id: UUID) -> None:
    file = await _file(tx, file_id)
    if file is not None and file.status == "open":
        file.version += 1
        await activate(tx, file, "activate")


async def _ask_to_speak(tx: Transaction, file_id: UUID) -> None:
    file = await _file(tx, file_id)
    if file is None or file.contact_due_on is None or file.contact_due_on >= legal_day(tx.now):
        return
    if await claim(tx, queries.CONTACT, file.id, file.contact_due_on):
        await open_item(
            tx, "contact_customer", file, Text("联系重点客户", "Speak to the customer about its safety"), number=None,
            unit_code=file.unit_code, position="risk_engineer", href="/v1/contact-logs",
            due_at=at_midnight(file.contact_due_on + timedelta(days=1)),
            priority="high" if await is_key_account(tx, file.customer_id) else "normal",
        )  # fmt: skip


async def _ask_to_review(tx: Transaction, file_id: UUID) -> None:
    file = await _file(tx, file_id)
    if file is None or file.review_due_on is None or file.review_due_on > legal_day(tx.now):
        return
    if await claim(tx, queries.REVIEW, file.id, file.review_due_on):
        await open_item(
            tx, "review_key_risk_file", file, Text("复核风险控制档案", "Look the risk control file through"),
            number=None, unit_code=file.unit_code, position="risk_engineer",
            href=f"/v1/key-risk-files/{file.id}/reviews",
            due_at=at_midnight(file.review_due_on + timedelta(days=1)),
        )  # fmt: skip


async def _look_again(tx: Transaction, customer_id: UUID) -> None:
    await evaluate(tx, customer_id, heard=False)


ACTIVE = Tick("key_risk_active", timedelta(seconds=30), one_by_one(queries.visited, _activate))
CONTACTS = Tick(queries.CONTACT, timedelta(minutes=1), one_by_one(queries.unspoken, _ask_to_speak))
REVIEWS = Tick(queries.REVIEW, timedelta(minutes=1), one_by_one(queries.unreviewed, _ask_to_review))
CRITERIA = Tick("key_risk_criteria", timedelta(minutes=1), one_by_one(queries.changed_by_time, _look_again))
TICKS = (ACTIVE, CONTACTS, REVIEWS, CRITERIA)
