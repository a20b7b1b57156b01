"""Units, teams, people and appointments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Part, Record


class Base(DeclarativeBase):
    """The tables of the gateway."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
        list[dict[str, str]]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class UnitRow(Record, Base):
    """One unit of the tree; `org_path` is its own path."""

    __tablename__ = "units"
    record_type: ClassVar[str] = "unit"

    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str]
    parent_code: Mapped[str | None]
    area_codes: Mapped[list[str]]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    """The first day on which it no longer works."""
    merged_into: Mapped[str | None]
    """Code of the unit that went on with what it had."""


class UnitArea(Part, Base):
    """An area (行政区划) that a unit serves, from `from_on` until the day before `to_on`."""

    __tablename__ = "unit_areas"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    area_code: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class UnitPlace(Part, Base):
    """Where a unit stood in the tree and what it was called, from `from_on` until the day before `to_on`.

    `org_path` is where the unit lies today, so that whoever sees the unit sees its past; `path` is that of the time.
    """

    __tablename__ = "unit_places"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str]
    parent_code: Mapped[str | None]
    path: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class UnitChange(Part, Base):
    """A change of the tree with its day: planned, taken back, held up by something, or done."""

    __tablename__ = "unit_changes"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    unit_code: Mapped[str]
    kind: Mapped[str]
    effective_on: Mapped[date]
    target_code: Mapped[str | None]
    """The new parent of a move, the unit that remains of a merger."""
    content: Mapped[dict[str, Any]]
    """What a change of name or areas states."""
    status: Mapped[str]
    obstacles: Mapped[list[dict[str, Any]]]
    """What kept a closure from taking effect on its day."""
    path_before: Mapped[str]
    path_after: Mapped[str | None]
    person_id: Mapped[UUID]
    done_at: Mapped[datetime | None]


class Team(Record, Base):
    """A sales team (展业团队) of a unit, from `from_on` until the day before `to_on`."""

    __tablename__ = "teams"
    record_type: ClassVar[str] = "team"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    unit_code: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class Person(Record, Base):
    """A natural person, or a machine that signs in by key; `org_path` is the unit of the first appointment."""

    __tablename__ = "people"
    record_type: ClassVar[str] = "person"

    staff_no: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    active: Mapped[bool]
    auth_epoch: Mapped[int]
    """Counts every change of what the person may do; tokens made before it are void."""
    digests: Mapped[list[dict[str, str]]]
    """`{kind, of, digest}` of the numbers declared; the numbers themselves are not kept."""


class Appointment(Part, Base):
    """A position at a unit, from `from_on` until the day before `to_on`; its path follows the unit."""

    __tablename__ = "appointments"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    unit_code: Mapped[str]
    position: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    turn_on: Mapped[date | None]
    """The next day on which it begins or ends and that is still to be told."""
