"""The claim and the duties that persons took on it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.claims.claim import rules
from shared.database import Part, Record

Moment = DateTime(timezone=True)
Yuan = Numeric(18, 2)


class Base(DeclarativeBase):
    """The tables of the claims service."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment,
        Decimal: Yuan,
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


class Claim(Record, Base):
    """One claim: a report of one loss on (at most) one policy, from the first notice to the bound file.

    `org_path` is the handling unit's; `accident_id` groups the claims of one accident, whose amounts count together.
    """

    __tablename__ = "claims"
    record_type: ClassVar[str] = "claim"

    claim_no: Mapped[str]
    status: Mapped[str]
    line: Mapped[str | None]
    unit_code: Mapped[str]
    channel: Mapped[str]
    reporter: Mapped[dict[str, Any]]
    """`{name, phone, relation}` as the reporter gave it; masked in every answer."""
    policy_no: Mapped[str | None]
    policy_match: Mapped[str]
    policy_id: Mapped[UUID | None]
    policy_version: Mapped[int | None]
    customer_id: Mapped[UUID | None]
    product: Mapped[str | None]
    business: Mapped[str | None]
    """`individual` or `group` cover: individual accident claims are decided in the short period."""
    seller_id: Mapped[UUID | None]
    underwriter_id: Mapped[UUID | None]
    accident_id: Mapped[UUID]
    accident_separated: Mapped[bool] = mapped_column(default=False)
    loss_at: Mapped[datetime]
    notified_at: Mapped[datetime]
    notified_reason: Mapped[str | None]
    reported_at: Mapped[datetime]
    place: Mapped[str | None]
    area_code: Mapped[str | None]
    description: Mapped[str | None]
    plate_no: Mapped[str | None]
    project: Mapped[str | None]
    loss_kinds: Mapped[list[str]] = mapped_column(default=list)
    """Kinds of loss that the reporter told of beside the counts: `disability`, `property`."""
    injured_count: Mapped[int]
    death_count: Mapped[int]
    estimated_amount: Mapped[Decimal | None]
    flags: Mapped[list[str]]
    origin: Mapped[dict[str, Any] | None]
    duplicate_of: Mapped[UUID | None]
    reserve_amount: Mapped[Decimal | None]
    surveyor_person_id: Mapped[UUID | None]
    """Who was sent last."""
    survey_accept_due_at: Mapped[datetime | None]
    """By when he should say whether he goes; absent once he has, or once the unit was told of his silence."""
    survey_accepted_at: Mapped[datetime | None]
    survey_due_at: Mapped[datetime | None]
    """By when the survey is wanted; absent while none is awaited."""
    survey_overdue_at: Mapped[datetime | None]
    resurvey_open: Mapped[bool] = mapped_column(default=False)
    """Whether a further survey was ordered and is not yet in; the claim's state does not wait for it."""
    complex_reason: Mapped[str | None]
    complex_told_at: Mapped[datetime | None]
    sheet_version: Mapped[int | None]
    gross_amount: Mapped[Decimal | None]
    payable_amount: Mapped[Decimal | None]
    outcome: Mapped[str | None]
    documents_received_at: Mapped[datetime | None]
    """The first request together with documents; later papers never move it on."""
    documents_complete_at: Mapped[datetime | None]
    """Since when nothing is outstanding; None again while the one supplement notice is open."""
    liability_fixed_on: Mapped[date | None]
    supplement_served_at: Mapped[datetime | None]
    supplements_received_at: Mapped[datetime | None]
    determined_at: Mapped[datetime | None]
    agreed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    grave_known_at: Mapped[datetime | None]
    head_office_informed_at: Mapped[datetime | None]
    advance_paid_at: Mapped[datetime | None]
    shelved_at: Mapped[datetime | None]
    reopened_count: Mapped[int] = mapped_column(default=0)
    complaints_open: Mapped[int] = mapped_column(default=0)
    """A mark set by events; it does not raise the version."""
    dispute_ended_at: Mapped[datetime | None]
    """When the last complaint about the claim ended, as far as events have told."""

    @property
    def state(self) -> rules.ClaimStatus:
        return rules.ClaimStatus(self.status)

    def advance(self, to: rules.ClaimStatus) -> None:
        """Move to the next state; refused (409) where the lifecycle has no such move."""
        self.status = rules.advance(self.state, to)


class ClaimDuty(Part, Base):
    """One duty one person took on a claim; never given back, counted by person."""

    __tablename__ = "claim_duties"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    duty: Mapped[str]
    person_id: Mapped[UUID]


class ReserveChange(Part, Base):
    """One step of the reserve, in yuan: from, to, who, when, why; `parts` is its split by claimant and kind of loss."""

    __tablename__ = "reserve_changes"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    from_amount: Mapped[Decimal]
    to_amount: Mapped[Decimal]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str]
    person_id: Mapped[UUID]


class InjuredPerson(Part, Base):
    """One injured or dead person as reported; `digest` is the keyed digest of the id number."""

    __tablename__ = "injured_persons"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    position: Mapped[int]
    name: Mapped[str | None]
    id_no: Mapped[str | None]
    insured_ref: Mapped[str | None]
    digest: Mapped[str | None]
    injury: Mapped[str | None]
    """What the reporter told of the injury: medical data, masked."""
