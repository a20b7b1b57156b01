"""Settlement agreements, notices of the result and explanations: facts, appended."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part


class SettlementAgreement(Part, Base):
    """The agreement on one sheet. `amount`: what is payable, in yuan.

    `beneficiaries`: `{claimant_ref, name, relation, share, entitled}` of those entitled to a death benefit.
    """

    __tablename__ = "settlement_agreements"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    sheet_version: Mapped[int]
    agreed_at: Mapped[datetime]
    amount: Mapped[Decimal]
    beneficiaries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    person_id: Mapped[UUID]


class ResultNotice(Part, Base):
    """One notice of the result of one decision; `determined_at` tells which one, also after a reopening."""

    __tablename__ = "result_notices"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    determined_at: Mapped[datetime]
    kind: Mapped[str]
    served_at: Mapped[datetime]
    method: Mapped[str]
    reason: Mapped[str | None]
    clause_ids: Mapped[list[str]]
    person_id: Mapped[UUID]


class Explanation(Part, Base):
    """Who explained the result to the customer, when, and what the customer replied."""

    __tablename__ = "result_explanations"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    determined_at: Mapped[datetime]
    explained_at: Mapped[datetime]
    method: Mapped[str]
    content: Mapped[str]
    reply: Mapped[str]
    person_id: Mapped[UUID]
