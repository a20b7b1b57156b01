"""Assessed facts, calculation sheets, what was paid before, and the ledger of the policy's limits."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.claims.claim.tables import Base
from shared.database import Part
from shared.ids import uuid7


class LossAssessment(Part, Base):
    """One version of the assessed facts, appended; a claimant's identity number is kept as its keyed digest only."""

    __tablename__ = "loss_assessments"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    number: Mapped[int]
    facts: Mapped[dict[str, Any]]
    person_id: Mapped[UUID]


class CalculationSheet(Part, Base):
    """One calculation, appended. `content` is the sheet as the engine told it; amounts in yuan at the whole share.

    `in_force`: whether the policy version covered the moment of the loss. `claimed_amount`: what was claimed, None
    where a benefit by scale was claimed, which states no amount. `overrides`: `{claimant_ref, kind, amount, reason}` of
    lines set by hand. `digest`: of what an approver approves.
    """

    __tablename__ = "calculation_sheets"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    sheet_version: Mapped[int]
    loss_number: Mapped[int]
    policy_id: Mapped[UUID]
    policy_version: Mapped[int]
    in_force: Mapped[bool]
    engine_version: Mapped[str]
    gross_amount: Mapped[Decimal]
    payable_amount: Mapped[Decimal]
    claimed_amount: Mapped[Decimal | None]
    content: Mapped[dict[str, Any]]
    disregarded_clause_ids: Mapped[list[str]]
    overrides: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    digest: Mapped[str]
    person_id: Mapped[UUID]


class PayeePlan(Part, Base):
    """One version of who is to be paid, appended; `digest` is part of what is approved.

    `payees`: `{claimant_ref, kind, name, relation, share, entitled, account_digest, id_digest}`; accounts and identity
    numbers only as keyed digests. `voids_decision`: the change came after the decision and took it back.
    """

    __tablename__ = "payee_plans"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    number: Mapped[int]
    payees: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    digest: Mapped[str]
    voids_decision: Mapped[bool]
    person_id: Mapped[UUID]


class PriorPayment(Part, Base):
    """What the claim has been paid already: `advance` or `payment`, yuan; once for each source."""

    __tablename__ = "prior_payments"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    kind: Mapped[str]
    amount: Mapped[Decimal]
    source_id: Mapped[UUID]


class LimitEntry(Base):
    """What one claim takes of one limit of its policy: `reserved` by the decision, `settled` once paid, or `released`.

    No row scope: claims of one policy share its limits, whichever unit handles them. `claimant_key` tells the same
    person in two claims apart from another.
    """

    __tablename__ = "limit_ledger"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    policy_id: Mapped[UUID]
    policy_version: Mapped[int]
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    limit_name: Mapped[str]
    claimant_ref: Mapped[str | None]
    claimant_key: Mapped[str | None]
    amount: Mapped[Decimal]
    state: Mapped[str]
