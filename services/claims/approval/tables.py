"""The steps of approvals, as they were taken."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class ApprovalStep(Part, Base):
    """One act of one person on one sheet, appended. It counts while its sheet is the claim's newest.

    `amount`: the total of the accident, in yuan, which the limits were compared with. `round` counts the returns before
    it on the same sheet. `digest`: of what was approved. `side_id`: a decision beside the claim's own, without a sheet.
    """

    __tablename__ = "approval_steps"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    side_id: Mapped[UUID | None]
    sheet_version: Mapped[int | None]
    round: Mapped[int]
    step: Mapped[int]
    level: Mapped[str]
    unit_code: Mapped[str]
    kind: Mapped[str]
    position: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    delegation_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID]
    outcome: Mapped[str]
    amount: Mapped[Decimal]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    clause_ids: Mapped[list[str]]
    table_version: Mapped[str]
    digest: Mapped[str | None]
    payee_number: Mapped[int] = mapped_column(default=0)
    payee_digest: Mapped[str | None]


class ApprovalRaise(Part, Base):
    """Somebody took the claim further up (提级), with a reason; it counts until the claim is decided."""

    __tablename__ = "approval_raises"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    sheet_version: Mapped[int]
    from_level: Mapped[str]
    to_level: Mapped[str]
    reason_code: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[UUID]
    staff_no: Mapped[str]
    on_behalf_of: Mapped[UUID | None]


class ApprovalVoiding(Part, Base):
    """A decision that was taken back because what it rested on changed; `changed`: what. Those who approved that sheet
    for those payees do not approve the claim again."""

    __tablename__ = "approval_voidings"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    sheet_version: Mapped[int]
    payee_number: Mapped[int]
    changed: Mapped[list[str]]
    person_id: Mapped[UUID]
