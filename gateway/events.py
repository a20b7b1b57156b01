"""The events that the gateway publishes about the organisation. Their JSON Schemas stand in `docs/events/`.

The name of a unit is no personal data, and services need it to say who could decide; names of persons never leave.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events import Part, Payload


class TeamPeriod(Part):
    """A sales team of the unit, from `from` until the day before `to`."""

    team_code: str
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class Digest(Part):
    """The keyed digest of a number of the person (`self`) or of a declared relative; `kind` is id, phone or account."""

    kind: str
    of: str
    digest: str


class UnitChanged(Payload):
    SUBJECT: ClassVar[str] = "organisation.unit.changed.v1"

    unit_code: str
    name: str
    level: str
    kind: str
    parent_code: str | None = None
    path: str
    path_before: str | None = None
    """Only where the change moved the unit."""
    effective_on: date
    closed_on: date | None = None
    merged_into: str | None = None
    """The unit that went on with what this one had, where it was closed by a merger."""
    area_codes: list[str]
    teams: list[TeamPeriod]


class PersonChanged(Payload):
    SUBJECT: ClassVar[str] = "organisation.person.changed.v1"

    person_id: UUID
    staff_no: str
    active: bool
    digests: list[Digest]


class AppointmentChanged(Payload):
    SUBJECT: ClassVar[str] = "organisation.appointment.changed.v1"

    appointment_id: UUID
    person_id: UUID
    staff_no: str
    position: str
    unit_code: str
    path: str
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class AuthorityTablePublished(Payload):
    SUBJECT: ClassVar[str] = "organisation.authority_table.published.v1"

    version: str
    effective_from: date
    entries: list[dict[str, Any]]


class RuleSetPublished(Payload):
    SUBJECT: ClassVar[str] = "organisation.rule_set.published.v1"

    name: str
    version: str
    effective_from: date
    content: dict[str, Any]


EVENTS: tuple[type[Payload], ...] = (
    UnitChanged,
    PersonChanged,
    AppointmentChanged,
    AuthorityTablePublished,
    RuleSetPublished,
)
