"""Risk control files open by themselves where a criterion is met, and are closed by a person where none holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text

from services.risk import events
from services.risk.exposure import queries as exposure
from services.risk.inspection.tables import Inspection
from services.risk.key_risk import rules
from services.risk.key_risk.schemas import CloseFile, FileFactOut
from services.risk.key_risk.tables import KeyRiskFile
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item

_ONE_CUSTOMER = text("select pg_advisory_xact_lock(hashtextextended('risk.customer.' || cast(:id as text), 0))")


async def criteria_of(tx: Transaction, customer_id: UUID) -> list[rules.Criterion]:
    """The criteria that a customer meets today, by policies in force and claims."""
    thresholds = rules.read_thresholds(await exposure.thresholds(tx, "key_risk"))
    held = await exposure.policies_of(tx, customer_id)
    current = [one for one in held if one.starts_at <= tx.now < (one.ended_at or one.ends_at)]
    covers = [
        rules.Cover(one.limit_per_accident, one.aggregate_limit, liability=one.line == "liability") for one in current
    ]
    claims = [
        rules.ClaimSeen(one.loss_on, bool((one.injured_count or 0) + (one.death_count or 0)))
        for one in await exposure.claims_of(tx, customer_id)
        if one.loss_on is not None
    ]
    # A customer's policies of one place cover the same people: the largest list counts, not the sum.
    in_one_place = [max((one.insured_count for one in current), default=0)]
    return rules.criteria(covers, in_one_place, claims, legal_day(tx.now), thresholds)


async def evaluate(tx: Transaction, customer_id: UUID | None) -> None:
    """Open the customer's file where a criterion is met and none is open; keep the open one's criteria up to date."""
    if customer_id is None:
        return
    await tx.execute(_ONE_CUSTOMER, {"id": str(customer_id)})
    met = [str(one) for one in await criteria_of(tx, customer_id)]
    open_one = select(KeyRiskFile).where(KeyRiskFile.customer_id == customer_id, KeyRiskFile.status != "closed")
    file = await tx.scalar(open_one)
    if file is None and met:
        await _open(tx, customer_id, met)
    elif file is not None and met != file.criteria:
        before = file.criteria
        file.criteria, file.updated_at = met, tx.now
        file.version += 1
        tx.note("reevaluate", file, before={"criteria": before}, after={"criteria": met})


async def _open(tx: Transaction, customer_id: UUID, met: list[str]) -> None:
    policies = await exposure.policies_of(tx, customer_id)
    newest = max(policies, key=lambda one: one.starts_at, default=None)
    path, unit = (newest.path, newest.unit_code) if newest is not None else ("00", "00")
    file = KeyRiskFile(
        id=uuid7(), version=1, org_path=path, customer_id=customer_id, unit_code=unit, criteria=met,
        status=str(rules.open_file(None)), opened_at=tx.now,
    )  # fmt: skip
    tx.add(file)
    await tx.flush()
    tx.publish(events.KeyRiskFileOpened(customer_id=customer_id, criteria=met), file)
    await open_item(
        tx, "keep_key_risk_file", file, Text("建立重点客户风险控制档案", "Keep the customer's risk control file"),
        number=None, unit_code=unit, position="risk_engineer", href=f"/v1/key-risk-files/{file.id}", method="GET",
    )  # fmt: skip
    tx.note("open", file, after={"criteria": met})


async def _visited(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Open files whose customer was visited since: somebody is at work on the risk."""
    visited = select(Inspection.id).where(
        Inspection.customer_id == KeyRiskFile.customer_id, Inspection.reported_at >= KeyRiskFile.opened_at
    )
    statement = select(KeyRiskFile.id).where(KeyRiskFile.status == "open", visited.exists())
    return await tx.scalars(statement.order_by(KeyRiskFile.id).limit(limit))


async def _activate(tx: Transaction, file_id: UUID) -> None:
    file = await tx.scalar(select(KeyRiskFile).where(KeyRiskFile.id == file_id).with_for_update())
    if file is None or file.status != "open":
        return
    file.status, file.updated_at = str(rules.advance(rules.FileStatus.OPEN, rules.FileStatus.ACTIVE)), tx.now
    file.version += 1
    await close_items(tx, file.id)
    tx.note("activate", file, before={"status": "open"}, after={"status": file.status})


async def merged_away(tx: Transaction, merged: UUID, kept: UUID) -> None:
    """Two customers are one: the file of the one that is gone ends, the kept one's is opened or brought up to date."""
    await tx.execute(_ONE_CUSTOMER, {"id": str(merged)})
    open_one = select(KeyRiskFile).where(KeyRiskFile.customer_id == merged, KeyRiskFile.status != "closed")
    file = await tx.scalar(open_one.with_for_update())
    if file is not None:
        before = file.status
        file.status, file.closed_at, file.updated_at = "closed", tx.now, tx.now
        file.version += 1
        tx.publish(events.KeyRiskFileClosed(customer_id=kept), file)
        await close_items(tx, file.id)
        tx.note("close", file, before={"status": before}, after={"status": "closed"}, reason="customer merged")
    await evaluate(tx, kept)


ACTIVE = Tick("key_risk_active", timedelta(seconds=30), one_by_one(_visited, _activate))


async def close_file(
    db: Database, actor: Actor, key: RequestKey, file_id: UUID, version: int | None, command: CloseFile
) -> Answer:
    """Close a file once no criterion holds any more."""
    async with db.transaction(actor, key) as tx:
        file = await tx.find_for_change(KeyRiskFile, file_id, version)
        before = file.status
        await tx.use_scope("00")
        met = await criteria_of(tx, file.customer_id)
        file.status = str(rules.close_file(rules.FileStatus(file.status), met))
        file.closed_at, file.criteria = tx.now, []
        tx.publish(events.KeyRiskFileClosed(customer_id=file.customer_id), file)
        await close_items(tx, file.id)
        tx.note("close", file, before={"status": before}, after={"status": file.status}, reason=command.reason)
        state = {"id": str(file.id), "version": file.version, "status": file.status}
        out = FileFactOut(id=uuid7(), created_at=tx.now, reason=command.reason, key_risk_file=state)
        return tx.answer(out, location=f"/v1/key-risk-files/{file.id}", version=file.version)
