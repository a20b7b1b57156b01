"""What is remembered of a sign-in between its requests: the facts looked up, and what follows from them alone."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from gateway.authority.rules import Matrix
from gateway.identity import rules
from gateway.identity.attempts import Origin
from shared.actor import Actor
from shared.authority import AuthorityTable

_LASTING = tuple(one.name for one in fields(Actor) if one.name not in ("request_id", "source"))


@dataclass(frozen=True, slots=True)
class Seat:
    """What a caller at a post is under a table of limits; only the request and its source differ each time."""

    post: rules.Post
    table: AuthorityTable | None
    lasting: dict[str, Any]
    day: date
    """The legal day on which the post was found held and the table in force."""
    tables: list[AuthorityTable]
    """Those that the table was chosen of."""

    @classmethod
    def of(
        cls, post: rules.Post, table: AuthorityTable | None, actor: Actor, day: date, tables: list[AuthorityTable]
    ) -> Seat:
        return cls(post, table, {name: getattr(actor, name) for name in _LASTING}, day, tables)

    def holds(self, day: date, tables: list[AuthorityTable]) -> bool:
        """Whether nothing that it was worked out from can have changed: an appointment lasts for whole days."""
        return self.day == day and self.tables is tables

    def actor(self, origin: Origin) -> Actor:
        return Actor(**self.lasting, request_id=origin.request_id, source=origin.source)


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up of one session."""

    session: rules.SessionFacts
    person: rules.PersonFacts
    acting: rules.Acting | None
    seats: dict[UUID, Seat] = field(default_factory=dict, compare=False)
    """By appointment: what was worked out of all this once."""

    def concerns(self, person_id: UUID) -> bool:
        """Whether a change of this person changes what is known here."""
        return person_id == self.person.id or (self.acting is not None and person_id == self.acting.delegator.id)

    def post(self, appointment_id: UUID, matrix: Matrix, now: datetime) -> rules.Post | None:
        """The appointment acted under, one's own or the delegator's; None where it no longer holds."""
        if self.session.delegation_id is None:
            return self.person.post(appointment_id, now)
        return None if self.acting is None else self.acting.post(self.person, matrix, now)
