"""Applications: what the customer offers or asks, and what became of it.

Later rooms act on an application by its `kind` and `status` alone: a proposal that is `approved` or `confirmed` may be
issued on `terms`, `premium`, `starts_at` and `ends_at`; an `approved` endorsement changes the policy `policy_id` by
`change`; an `accepted` cancellation ends it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.policy.application.rules import ApplicationKind, ApplicationStatus, advance
from services.policy.policy.tables import Base
from shared.database import Part, Record


class Application(Record, Base):
    """One application. Personal data stands in `policyholder` alone and is masked in every answer."""

    __tablename__ = "applications"
    record_type: ClassVar[str] = "application"

    kind: Mapped[str]
    """`proposal`, `endorsement` or `cancellation`."""
    status: Mapped[str]
    product: Mapped[str]
    product_version: Mapped[int]
    """The version of the product's terms that it is made on (`product.queries.product_version`)."""
    line: Mapped[str]
    issued_by: Mapped[str]
    customer_id: Mapped[UUID]
    unit_code: Mapped[str]
    team_code: Mapped[str | None]
    channel: Mapped[str]
    form_version: Mapped[str]
    seller_id: Mapped[UUID | None]
    seller_staff_no: Mapped[str | None]
    entered_by: Mapped[UUID]
    entered_for: Mapped[UUID | None]
    policy_id: Mapped[UUID | None]
    """The policy that an endorsement or a cancellation is about; of a proposal the policy it became."""
    policyholder: Mapped[dict[str, Any]]
    """`{name, id_type, id_no, phone?, address?, contact?, account_name?}` as written on the form."""
    applicant: Mapped[dict[str, Any]]
    """Who applies: `{role: policyholder|authorised_person, name?, authority_attachment_id?}`."""
    documents: Mapped[list[dict[str, Any]]]
    """What was brought along: `[{code, attachment_id?, received_on}]`, by the codes of the product's checklist."""
    risk: Mapped[dict[str, Any]]
    """What is insured: `{industry?, site?, place_code?, insured_at_site?, reinsured, project?}`."""
    requested_cover: Mapped[dict[str, Any]]
    """The offer (要约) as the customer made it."""
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    change: Mapped[dict[str, Any]]
    """Endorsement: `{kind, effective_on, cover?, ends_at?, reason}`. Cancellation: `{kind, notice_received_at,
    effective_on, reason, proof?, proof_attachment_id?}`; `kind` is `cancel` or `surrender`."""
    terms: Mapped[dict[str, Any]]
    """What was agreed: `{cover, rate_factor, agreements[{code, text_version, text}]}`; empty before the decision."""
    base_premium: Mapped[Decimal | None]
    """By the filed rate, before the factor, in yuan."""
    premium: Mapped[Decimal | None]
    """Of the whole period, with the factor, in yuan; of an endorsement and a cancellation the difference, signed: more
    to pay is positive, a refund negative."""
    amount: Mapped[Decimal | None]
    """What authority is compared with, in yuan: limit per accident, or the highest sum of one person."""
    insured_count: Mapped[int]
    round: Mapped[int]
    """How often it was submitted; opinions count for their own round."""
    missing: Mapped[list[dict[str, Any]]]
    missing_told_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    decided_level: Mapped[str | None]
    underwriter_id: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    expires_on: Mapped[date | None]
    """The day on whose end it lapses unless something is done about it."""
    premium_received_at: Mapped[datetime | None]
    """Money came in while nothing was decided."""
    loss_reported_at: Mapped[datetime | None]
    """A loss of this customer on this line became known while the application was open."""
    origin: Mapped[dict[str, Any]]

    @property
    def of_kind(self) -> ApplicationKind:
        return ApplicationKind(self.kind)

    @property
    def state(self) -> ApplicationStatus:
        return ApplicationStatus(self.status)

    def advance(self, to: ApplicationStatus) -> None:
        """Go to `to`, or refuse (409)."""
        self.status = str(advance(self.of_kind, self.state, to))


class ApplicationInsured(Part, Base):
    """Somebody on the insured list of an application, to be `added` or, by an endorsement, `removed`.

    Name and number are personal: masked in every answer.
    """

    __tablename__ = "application_insured"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    op: Mapped[str]
    """`add` or `remove`."""
    ref: Mapped[str]
    name: Mapped[str]
    id_type: Mapped[str]
    id_no: Mapped[str]
    id_digest: Mapped[str]
    born_on: Mapped[date | None]
    occupation_class: Mapped[int | None]
    sum_insured: Mapped[Decimal | None]
    relation: Mapped[str | None]
    """What the person is to the policyholder: `employee, child, student, self, …`."""
    beneficiaries: Mapped[list[dict[str, Any]]]
    """`[{name, relation, share?}]`, the relation to the insured person; empty: the estate."""
