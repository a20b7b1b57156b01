"""Check data with the customer; what differs is a finding, and ends with it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from services.crm.customer.shapes import MASKS
from services.crm.customer.tables import Customer
from services.crm.data_check import rules
from services.crm.data_check.rules import CheckStatus
from services.crm.data_check.schemas import CheckData, CheckState, CustomerRef, DataCheckOut
from services.crm.data_check.tables import DataCheck
from services.crm.visit.handlers import Found, raise_finding
from services.crm.visit.rules import FindingDraft, Severity
from services.crm.visit.tables import Finding
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

AREA = "customer_data"


async def check(
    tx: Transaction, customer: Customer, field: str, stated: str | None, visit_id: UUID | None = None
) -> DataCheck:
    """Keep what the customer said of one of his data beside what is stored. None: it is wrong, he did not say what is
    right.
    """
    stored = getattr(customer, field)
    matches = rules.same(field, stored, stated)
    row = DataCheck(
        id=uuid7(), version=1, org_path=customer.org_path, customer_id=customer.id, visit_id=visit_id, field=field,
        stored=stored, stated=stated, matches=matches, person_id=tx.actor.person_id,
        status=str(CheckStatus.CONFIRMED if matches else CheckStatus.OPEN), settled_at=tx.now if matches else None,
    )  # fmt: skip
    tx.add(row)
    tx.note("check", row, after={"field": field, "match": matches, "status": row.status})
    return row


def state_of(row: DataCheck) -> CheckState:
    return CheckState(id=row.id, field=row.field, match=row.matches, status=row.status, finding_id=row.finding_id)


async def check_data(db: Database, actor: Actor, key: RequestKey, customer_id: UUID, command: CheckData) -> Answer:
    """Check one of a customer's data outside of a visit."""
    async with db.transaction(actor, key) as tx:
        customer = await tx.find(Customer, customer_id)
        row = await check(tx, customer, command.field, command.stated)
        if not row.matches:
            found = Found(customer.id, customer.org_path, None, "customer", customer.id)
            finding = await raise_finding(tx, found, FindingDraft(command.field, AREA, Severity.MEDIUM))
            row.finding_id = finding.id
        await tx.flush()
        mask = MASKS[command.field]
        out = DataCheckOut(
            **state_of(row).model_dump(), created_at=tx.now, stored=mask(row.stored) if row.stored else None,
            stated=mask(command.stated), masked=["stated", *(["stored"] if row.stored else [])],
            customer=CustomerRef(id=customer.id, version=customer.version),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/customers/{customer.id}")


async def settle(tx: Transaction, finding: Finding, *, corrected: bool) -> None:
    """End the checks of a finding: with `corrected` only where what is stored now is what the customer said.

    Raises `DataStillDiffer`.
    """
    checks = await tx.scalars(select(DataCheck).where(DataCheck.finding_id == finding.id).with_for_update())
    open_ones = [one for one in checks if one.status == CheckStatus.OPEN]
    if corrected and open_ones:
        await _refuse_uncorrected(tx, open_ones)
    for one in open_ones:
        one.status, one.settled_at, one.updated_at = str(rules.settled(corrected)), tx.now, tx.now
        one.version += 1
        tx.note("settle", one, before={"status": "open"}, after={"status": one.status})


async def _refuse_uncorrected(tx: Transaction, checks: Iterable[DataCheck]) -> None:
    differ = []
    for one in checks:
        customer = await tx.scalar(select(Customer).where(Customer.id == one.customer_id))
        now = getattr(customer, one.field)
        # without a statement of what is right, another value than the one that he called wrong is the correction
        right = rules.same(one.field, now, one.stated) if one.stated else not rules.same(one.field, now, one.stored)
        if not right:
            differ.append(one.field)
    if differ:
        raise rules.DataStillDiffer(fields=differ)
