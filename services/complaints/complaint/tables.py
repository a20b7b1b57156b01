"""Complaints, what was done about them, and what complaints knows of claims, policies and customers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.complaints.complaint.rules import ComplaintStatus, advance
from shared.database import OrgPath, Part, Record


class Base(DeclarativeBase):
    """The tables of the complaints service."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Decimal: Numeric(18, 2),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: JSONB,
    }


class Complaint(Record, Base):
    """One complaint. It lives at the unit that took it in, and its branch (`owner_path`) answers for it.

    It is invisible to everybody in `kept_out`, and to whoever acts on their behalf, by a row policy of its own.
    """

    __tablename__ = "complaints"
    record_type: ClassVar[str] = "complaint"

    complaint_no: Mapped[str]
    status: Mapped[str]
    paused_from: Mapped[str | None]
    """The state before a pause, to which its end returns."""
    owner_path: Mapped[str] = mapped_column(OrgPath)
    unit_code: Mapped[str]
    channel: Mapped[str]
    complainant: Mapped[dict[str, Any]]
    """`{name, phone, id_no, relation}`; masked in every answer."""
    representatives: Mapped[list[dict[str, Any]]]
    lead: Mapped[bool]
    """Anonymous: looked into, with nobody to reply to."""
    policy_no: Mapped[str | None]
    policy_id: Mapped[UUID | None]
    claim_no: Mapped[str | None]
    claim_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    product: Mapped[str | None]
    line: Mapped[str | None]
    seller_id: Mapped[UUID | None]
    named_persons: Mapped[list[str]]
    kept_out: Mapped[list[str]]
    """Everybody who may never see it; it only grows, so that a transfer opens nothing."""
    proxy: Mapped[dict[str, Any] | None]
    """Who complains for another, and by which proof; masked."""
    reception: Mapped[dict[str, Any] | None]
    """Of a visit: where, when, who received."""
    transfer: Mapped[dict[str, Any] | None]
    """Of a transfer: which authority, its number, until when it wants an answer."""
    cause: Mapped[str]
    content: Mapped[str]
    received_at: Mapped[datetime]
    rule: Mapped[str]
    stage: Mapped[str]
    started_on: Mapped[date]
    pauses: Mapped[list[dict[str, Any]]]
    due_on: Mapped[date]
    due_legal_on: Mapped[date]
    due_at: Mapped[datetime]
    deadline: Mapped[dict[str, Any]]
    officer_person_id: Mapped[UUID | None]
    outcome: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]
    merged_into: Mapped[UUID | None]
    origin: Mapped[dict[str, Any] | None]
    breached_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_path: Mapped[str | None] = mapped_column(OrgPath)
    closed_at: Mapped[datetime | None]
    compensation_amount: Mapped[Decimal | None]
    compensation_status: Mapped[str | None]
    review_requested_at: Mapped[datetime | None]
    review_due_on: Mapped[date | None]
    review_due_legal_on: Mapped[date | None]
    review_due_at: Mapped[datetime | None]
    review_decided_at: Mapped[datetime | None]
    review_outcome: Mapped[str | None]
    review_breached_at: Mapped[datetime | None]

    @property
    def state(self) -> ComplaintStatus:
        return ComplaintStatus(self.status)

    def advance(self, to: ComplaintStatus) -> None:
        """Move to the next state; refused (409) where the lifecycle has no such move."""
        self.status = str(advance(self.state, to))


class KeptOut(Base):
    """Who must stay out of which complaint or case: what lies beside the record (its open work) is hidden by it too."""

    __tablename__ = "kept_out"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)


class ComplaintFact(Part, Base):
    """One thing that was done about a complaint: identity check, assignment, inquiry, decision, telling."""

    __tablename__ = "complaint_facts"

    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id"))
    kind: Mapped[str]
    person_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    told: Mapped[dict[str, Any]]


class ClaimReference(Base):
    """A claim as claims announced it; a copy without row scope, read to link and to recuse."""

    __tablename__ = "claim_references"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_no: Mapped[str | None]
    policy_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    path: Mapped[str | None]
    record_version: Mapped[int]
    cancelled_at: Mapped[datetime | None]
    duplicate_of: Mapped[UUID | None]
    """The claim that was kept, of one reported twice."""


class ClaimDuty(Base):
    """Who took which duty on a claim: none of them handles a complaint about it."""

    __tablename__ = "claim_duties"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(primary_key=True)


class PolicyReference(Base):
    """A policy as the policy service announced it."""

    __tablename__ = "policy_references"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_no: Mapped[str]
    customer_id: Mapped[UUID]
    product: Mapped[str]
    seller_id: Mapped[UUID | None]
    unit_code: Mapped[str]
    policy_version: Mapped[int]
    line: Mapped[str | None]
    underwriter_id: Mapped[UUID | None]


class EndedPolicy(Base):
    """The first day without cover of a policy that ended before its time."""

    __tablename__ = "ended_policies"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    ended_on: Mapped[date]


class CustomerReference(Base):
    """Which unit serves a customer, as crm announced it: a complaint about nothing else belongs to its branch."""

    __tablename__ = "customer_references"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    unit_code: Mapped[str]
    record_version: Mapped[int]


class PolicyDuty(Base):
    """Who sold or underwrote a version of a policy, also of an earlier one."""

    __tablename__ = "policy_duties"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(primary_key=True)
