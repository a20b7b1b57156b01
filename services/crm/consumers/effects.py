"""What every event does alike: it is put on the timeline, tells whose record it is, closes what it grew out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel

from services.crm.consumers.rebuilding import rebuilding
from services.crm.conversion.handlers import led_to as enquiry_led_to
from services.crm.customer.tables import Customer
from services.crm.finding.handlers import close_source
from services.crm.planning.handlers import plan_for
from services.crm.timeline.handlers import Fact, learn, remember
from shared import directory
from shared.clock import rfc3339
from shared.database import Transaction
from shared.errors import Text
from shared.events import Received
from shared.money import yuan
from shared.work_items import open_item


class Origin(BaseModel):
    """The enquiry, visit or finding that a record grew out of."""

    kind: str
    id: UUID


@dataclass(frozen=True)
class Foreign:
    """A record of another service, as far as a work item about it needs one."""

    id: UUID
    org_path: str
    record_type: str
    version: ClassVar[int] = 0


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return yuan(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    return value if isinstance(value, bool | int | list) else str(value)


def fact_of(
    event: Received[Any], about_kind: str, about_id: UUID, *, at: datetime | None = None,
    summary: Mapping[str, Any] | None = None, amounts: Mapping[str, Decimal | None] | None = None,
) -> Fact:  # fmt: skip
    """The entry of an event; members that are None are left out."""
    return Fact(
        event_id=event.id, kind=event.type, occurred_at=at or event.time, about_kind=about_kind, about_id=about_id,
        record_version=event.record_version, path=event.org_path,
        summary={name: _plain(value) for name, value in (summary or {}).items() if value is not None},
        amounts={name: yuan(value) for name, value in (amounts or {}).items() if value is not None},
    )  # fmt: skip


async def tell(
    tx: Transaction, fact: Fact, *, customer_id: UUID | None = None, parent_id: UUID | None = None,
    origin: Origin | None = None,
) -> Customer | None:  # fmt: skip
    """The whole effect of a fact: whose it is, its entry, the visits that follow, the end of its origin.

    Answers the customer, None where he is not known yet.
    """
    learnt = await learn(tx, fact.about_id, fact.about_kind, fact.path, customer_id=customer_id, parent_id=parent_id)
    customer = await remember(tx, fact, learnt.customer)
    if rebuilding(tx):
        return customer
    for record_id, kind in ({fact.about_id: fact.about_kind} | dict(learnt.concerned)).items():
        await plan_for(tx, record_id, kind)
    if origin is not None:
        await close_source(tx, origin.kind, origin.id, fact.about_kind, fact.about_id)
    if origin is not None and origin.kind == "enquiry":
        await enquiry_led_to(tx, origin.id, fact.about_kind, fact.about_id)
    return customer


async def ask_manager(
    tx: Transaction, kind: str, customer: Customer, title: Text, *, record: tuple[str, UUID], href: str,
    number: str | None = None, due_at: datetime | None = None,
) -> None:  # fmt: skip
    """A task for the customer's account manager; where nobody is named, for the account managers of the nearest unit
    that has some.
    """
    if rebuilding(tx):
        return
    units = await directory.units_on_path(tx, customer.org_path)
    above = next((one.code for one in units if one.level != "sub_branch"), customer.unit_code)
    whom: dict[str, Any] = {"unit_code": above, "position": "account_manager"}
    if customer.manager_id is not None:
        whom = {"unit_code": customer.unit_code, "person_id": customer.manager_id}
    about: Any = Foreign(record[1], customer.org_path, record[0])
    await open_item(tx, kind, about, title, number=number, href=href, method="GET", due_at=due_at, **whom)
