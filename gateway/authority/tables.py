"""Versions of the table of limits and of every rule set; appended, never overwritten."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from gateway.organisation.tables import Base
from shared.authority import AuthorityTable
from shared.database import Record


class AuthorityTableRow(Record, Base):
    """One version of all limits; it belongs to the head office and is read by everybody who decides."""

    __tablename__ = "authority_tables"
    record_type: ClassVar[str] = "authority_table"

    table_version: Mapped[str]
    effective_from: Mapped[date]
    entries: Mapped[list[dict[str, Any]]]
    published: Mapped[bool]
    proposed_by: Mapped[UUID | None]
    """None: it came with the first filling of the database."""
    proposed_level: Mapped[str]
    """Level of the unit at which the proposer works."""
    published_by: Mapped[UUID | None]
    published_at: Mapped[datetime | None]

    def table(self) -> AuthorityTable:
        """The rows as values."""
        return AuthorityTable.of(self.table_version, self.effective_from, self.entries)


class RuleSetRow(Record, Base):
    """One version of one kind of rule set; it ends the day before its successor begins."""

    __tablename__ = "rule_set_versions"
    record_type: ClassVar[str] = "rule_set"

    kind: Mapped[str]
    rule_version: Mapped[str]
    effective_from: Mapped[date]
    source: Mapped[str]
    tag: Mapped[str]
    """V verified law, S secondary source, M general knowledge, P proposed default."""
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    published_by: Mapped[UUID | None]
