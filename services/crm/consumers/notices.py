"""Notices of all services to customers: listed in their newest state, and on the timeline."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.crm.consumers.effects import fact_of
from services.crm.reference.tables import NoticeSeen
from services.crm.timeline.handlers import remember
from shared.database import Transaction
from shared.events import Received, consumes


class NoticeTold(BaseModel):
    notice_id: UUID
    about: UUID
    channel: str
    state: str
    kind: str | None = None


async def _seen(tx: Transaction, event: Received[NoticeTold], service: str) -> None:
    told = event.data
    row = {
        "id": told.notice_id, "service": service, "about_id": told.about, "channel": told.channel,
        "state": told.state, "at": event.time, "record_version": event.record_version, "kind": told.kind,
        "org_path": event.org_path, "created_at": event.time,
    }  # fmt: skip
    statement = insert(NoticeSeen).values(**row)
    newer = {name: statement.excluded[name] for name in row if name not in ("id", "created_at")}
    written = statement.on_conflict_do_update(
        index_elements=["notice_id"], set_=newer, where=NoticeSeen.record_version < statement.excluded.record_version
    )
    await tx.execute(written)
    # it was made at the earliest time that anything told of it
    first = NoticeSeen.created_at > event.time
    await tx.execute(update(NoticeSeen).where(NoticeSeen.id == told.notice_id, first).values(created_at=event.time))
    summary = {"notice_id": told.notice_id, "channel": told.channel, "state": told.state}
    await remember(tx, fact_of(event, "notice", told.about, summary=summary))


@consumes("policy.notice.sent.v1")
async def policy_notice_sent(tx: Transaction, event: Received[NoticeTold]) -> None:
    await _seen(tx, event, "policy")


@consumes("claims.notice.sent.v1")
async def claims_notice_sent(tx: Transaction, event: Received[NoticeTold]) -> None:
    await _seen(tx, event, "claims")


@consumes("risk.notice.sent.v1")
async def risk_notice_sent(tx: Transaction, event: Received[NoticeTold]) -> None:
    await _seen(tx, event, "risk")


@consumes("complaints.notice.sent.v1")
async def complaints_notice_sent(tx: Transaction, event: Received[NoticeTold]) -> None:
    await _seen(tx, event, "complaints")


CONSUMERS = (policy_notice_sent, claims_notice_sent, risk_notice_sent, complaints_notice_sent)
