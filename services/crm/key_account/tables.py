"""Key accounts, who looks after them, the visits they got, what was decided. They lie where their customer lies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.key_account.rules import KeyAccountStatus, advance
from services.crm.reference.tables import Base
from shared.database import Part, Record


class KeyAccount(Record, Base):
    """One customer as a key account, from his nomination to his exit."""

    __tablename__ = "key_accounts"
    record_type: ClassVar[str] = "key_account"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    tier: Mapped[str | None]
    """The tier that was approved."""
    proposed_tier: Mapped[str | None]
    proposal: Mapped[str | None]
    """What the branch is asked: `nominate`, `keep`, `change_tier` or `exit`."""
    criteria: Mapped[dict[str, Any]]
    """The figures on the day of the last proposal, the criteria met, and what was stated."""
    reason: Mapped[str | None]
    nominated_by: Mapped[UUID]
    proposed_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    active_from: Mapped[datetime | None]
    review_due_on: Mapped[date | None]
    exited_at: Mapped[datetime | None]

    @property
    def state(self) -> KeyAccountStatus:
        return KeyAccountStatus(self.status)

    def advance(self, to: KeyAccountStatus) -> None:
        self.status = str(advance(self.state, to))


class KeyAccountPerson(Part, Base):
    """Who is its manager, claims contact or engineer, from one day to another; the one without `to_on` is it now."""

    __tablename__ = "key_account_people"

    key_account_id: Mapped[UUID] = mapped_column(ForeignKey("key_accounts.id"))
    role: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class KeyAccountVisit(Part, Base):
    """A visit by a head of one of the levels above the customer, or by the manager."""

    __tablename__ = "key_account_visits"

    key_account_id: Mapped[UUID] = mapped_column(ForeignKey("key_accounts.id"))
    level: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    visited_at: Mapped[datetime]
    year: Mapped[int]
    summary: Mapped[str]
    recorded_by: Mapped[UUID]


class KeyAccountFact(Part, Base):
    """What was decided, named or noted; `told` is what was said of it."""

    __tablename__ = "key_account_facts"

    key_account_id: Mapped[UUID] = mapped_column(ForeignKey("key_accounts.id"))
    kind: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str | None]
    occurred_at: Mapped[datetime]
    told: Mapped[dict[str, Any]]
