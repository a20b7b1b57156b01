"""Invitations, and the links that were not used yet."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.crm.reference.tables import Base
from shared.database import Part


class SurveyInvitation(Part, Base):
    """That a customer was invited; never whether he answered, where the survey is anonymous."""

    __tablename__ = "survey_invitations"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id"))
    about_id: Mapped[UUID]
    unit_path: Mapped[str]
    product: Mapped[str | None]
    touch_point: Mapped[str]
    notice_id: Mapped[UUID | None]


class SurveyLink(Base):
    """A link that nobody has used. `invitation_id`: of surveys that are not anonymous."""

    __tablename__ = "survey_links"

    digest: Mapped[str] = mapped_column(primary_key=True)
    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id"))
    unit_path: Mapped[str]
    product: Mapped[str | None]
    touch_point: Mapped[str | None]
    invitation_id: Mapped[UUID | None]
