"""One visit for each application that wants one, as long as the application lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import ApplicationEndedSeen
from services.risk.inspection.rules import InspectionKind, InspectionStatus
from services.risk.inspection.tables import Inspection
from services.risk.plan.handlers import cancel
from services.risk.plan.queries import WAITING, standing
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number
from shared.work_items import open_item

ENDED = frozenset(("declined", "withdrawn", "expired"))
"""Outcomes after which nobody looks at the place any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an application says of the visit that it wants."""

    application_id: UUID
    customer_id: UUID
    path: str
    place: dict[str, Any] | None
    reasons: Sequence[str]
    unit_code: str | None = None
    seller_id: UUID | None = None


async def survey_for(tx: Transaction, asked: Asked) -> None:
    """Open the visit, unless the application has one or has ended; asked again with more reasons, it keeps them."""
    if await tx.session.get(ApplicationEndedSeen, asked.application_id) is not None:
        return
    mine = (Inspection.application_id == asked.application_id) & (Inspection.kind == str(InspectionKind.PRE_BIND))
    for one in await standing(tx, mine):
        one.reasons = list(dict.fromkeys([*one.reasons, *asked.reasons]))
        return
    figures = await exposure.thresholds(tx, "inspection")
    unit_code = asked.unit_code or asked.path.split(".")[-1]
    visit = Inspection(
        id=uuid7(), version=1, org_path=asked.path, kind=str(InspectionKind.PRE_BIND),
        status=str(InspectionStatus.PLANNED), customer_id=asked.customer_id, application_id=asked.application_id,
        place=asked.place, reasons=list(asked.reasons), seller_id=asked.seller_id, unit_code=unit_code,
        due_on=legal_day(tx.now) + timedelta(days=figures["pre_bind_notice_days"]), sections={}, participants=[],
        warnings=[], feedback={}, inspection_no=await next_case_number(tx, "I", branch_of(asked.path)),
    )  # fmt: skip
    tx.add(visit)
    await tx.flush()
    tx.note("open", visit, after={"kind": visit.kind, "due_on": str(visit.due_on), "reasons": visit.reasons})
    await open_item(
        tx, "inspect", visit, Text("承保前现场查勘", "Survey the place before the contract"),
        number=visit.inspection_no, unit_code=unit_code, position="risk_engineer",
        due_at=at_midnight(visit.due_on + timedelta(days=1)), priority="high",
        href=f"/v1/inspections/{visit.id}/schedules",
    )  # fmt: skip


async def application_ended(tx: Transaction, application_id: UUID, outcome: str) -> None:
    """The application will not become a policy: its visit is not made, unless it has begun."""
    row = {"application_id": application_id, "outcome": outcome}
    await tx.execute(insert(ApplicationEndedSeen).values(**row).on_conflict_do_nothing())
    for one in await standing(tx, Inspection.application_id == application_id):
        if one.status in WAITING:
            await cancel(tx, one)
