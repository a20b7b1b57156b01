"""Second looks: each a record of its own, at the unit that looks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Record


class QualityCheck(Record, Base):
    """One second look: at one file that was drawn (`sample`), or at a pattern of small claims around one subject.

    `org_path`, `unit_code`: the unit above the one that decided. `subject`: for a sample the lot that was drawn, for a
    pattern the keyed digest of the payee's account or of the repairer, or the persons. `claims`: `{claim_id, claim_no,
    amount}`; `total_amount` in yuan; `counted_to`: claims decided later count for the next look at the same subject.
    """

    __tablename__ = "quality_checks"
    record_type: ClassVar[str] = "quality_check"

    kind: Mapped[str]
    status: Mapped[str]
    unit_code: Mapped[str]
    subject: Mapped[str | None]
    claim_count: Mapped[int]
    total_amount: Mapped[Decimal]
    claims: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    counted_to: Mapped[datetime]
    rule_version: Mapped[str]
    due_at: Mapped[datetime]
    outcome: Mapped[str | None]
    findings: Mapped[str | None]
    checked_by: Mapped[UUID | None]
    checked_at: Mapped[datetime | None]
