"""Packs handed over, acknowledgements and answers; each is appended and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.policy.tables import Base
from shared.database import Part


class DisclosurePack(Part, Base):
    """Clauses, scope, limits, deductibles, claim procedure and cancellation, as the customer got them (UW-4)."""

    __tablename__ = "disclosure_packs"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    product_version: Mapped[int]
    clauses: Mapped[list[dict[str, Any]]]
    """`[{clause_id, text_version, kind, sha256}]`: which wording, and its digest."""
    channel: Mapped[str]
    delivered_at: Mapped[datetime]
    proof: Mapped[str]
    proof_attachment_id: Mapped[UUID | None]
    simplified: Mapped[bool]
    person_id: Mapped[UUID]


class Acknowledgement(Part, Base):
    """What the customer acknowledged, separately for each kind and in the wording that was shown."""

    __tablename__ = "acknowledgements"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    kind: Mapped[str]
    """`exclusions`, `duties`, `special_agreement` or `death_cover_consent`."""
    clauses: Mapped[list[dict[str, Any]]]
    """`[{clause_id, text_version}]`; of a special agreement its code."""
    insured_refs: Mapped[list[str]]
    """Who consented to death cover and approved its amount; empty for the other kinds."""
    method: Mapped[str]
    evidence_ref: Mapped[str]
    signer_role: Mapped[str]
    signer_name: Mapped[str]
    acknowledged_at: Mapped[datetime]
    person_id: Mapped[UUID]


class AnswerSet(Part, Base):
    """The customer's answers to one version of the questions; the newest set counts."""

    __tablename__ = "answer_sets"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    number: Mapped[int]
    question_version: Mapped[str]
    answers: Mapped[list[dict[str, Any]]]
    """`[{code, value, detail?, asked}]`: `asked` is the question's text as it was put."""
    answered_at: Mapped[datetime]
    signer_role: Mapped[str]
    person_id: Mapped[UUID]
