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
