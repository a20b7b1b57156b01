"""The facts behind a caller: who somebody is, what he holds, for whom he acts. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from gateway.authority.rules import ActingHolder, Matrix
from gateway.delegation import rules as delegation
from gateway.identity.rules.admission import RESTRICTED, NoAppointment
from shared.actor import Actor
from shared.authority import AuthorityTable, caller_limits
from shared.clock import legal_day


@dataclass(frozen=True, slots=True)
class Post:
    """An appointment with its unit."""

    id: UUID
    position: str
    unit_code: str
    unit_name: str
    level: str
    kind: str
    path: str
    from_on: date
    to_on: date | None

    def in_force(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day < self.to_on)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Who somebody is and what he holds, now and later."""

    id: UUID
    staff_no: str
    name: str
    kind: str
    active: bool
    epoch: int
    posts: tuple[Post, ...]

    def post(self, appointment_id: UUID, now: datetime) -> Post | None:
        """The appointment if it is this person's and in force."""
        return next((one for one in self.posts_on(now) if one.id == appointment_id), None)

    def posts_on(self, now: datetime) -> tuple[Post, ...]:
        """What is held on the legal day of `now`, the earliest first."""
        return tuple(one for one in self.posts if one.in_force(legal_day(now)))

    def first_post(self, now: datetime) -> Post:
        """Where somebody begins who has not chosen. Raises `NoAppointment`."""
        held = self.posts_on(now)
        if not held:
            raise NoAppointment()
        return held[0]


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One sign-in. `generation` counts switches: a token of an earlier one no longer works."""

    id: UUID
    person_id: UUID
    appointment_id: UUID
    generation: int
    authenticated_at: datetime
    must_set_password: bool
    expires_at: datetime
    ended: bool
    delegation_id: UUID | None = None
    """The delegation that is acted under; None: the own appointment."""


@dataclass(frozen=True, slots=True)
class Acting:
    """A delegation with what its delegator holds now."""

    delegation: delegation.Delegation
    delegator: PersonFacts

    def post(self, delegate: PersonFacts, matrix: Matrix, now: datetime) -> Post | None:
        """The delegator's appointment that `delegate` may act under now; None where a bound no longer holds."""
        seat = delegation.seat_of(matrix, self.delegation, self.delegator, delegate, now)
        return None if seat is None else next(one for one in self.delegator.posts if one.id == seat.id)


def actor_of(
    person: PersonFacts, post: Post, matrix: Matrix, table: AuthorityTable | None, request_id: UUID, *,
    restricted: bool = False, source: str | None = None,
) -> Actor:  # fmt: skip
    """The caller with the permissions of the position at that unit and the limits of the table in force."""
    held = matrix.permissions_of(post.position, post.level, post.kind)
    return Actor(
        person_id=person.id,
        staff_no=person.staff_no,
        appointment_id=post.id,
        position=post.position,
        unit_code=post.unit_code,
        level=post.level,
        unit_kind=post.kind,
        scope=post.path,
        permissions=held & RESTRICTED if restricted else held,
        limits=() if table is None else caller_limits(table, post.position, post.level, post.kind),
        table_version=None if table is None else table.version,
        request_id=request_id,
        source=source,
    )


def acting_for(actor: Actor, acting: Acting, matrix: Matrix, post: Post, table: AuthorityTable | None) -> Actor:
    """`actor`, who stands at the delegator's `post`, with what was delegated of it and with the lower limit."""
    granted = acting.delegation
    left = delegation.permissions_left(matrix, granted, post)
    return replace(
        actor,
        permissions=actor.permissions & (RESTRICTED | left),
        limits=delegation.limits_left(matrix, granted, post, table),
        on_behalf_of=granted.from_person_id,
        delegation_id=granted.id,
        acting_until=delegation.ends_at(granted, post),
    )


def as_deputy(
    acting: Acting, delegate: PersonFacts, post: Post, matrix: Matrix, table: AuthorityTable | None
) -> ActingHolder:
    """`delegate` as somebody who may act at the delegator's `post`, with what is left of the delegation today."""
    granted = acting.delegation
    return ActingHolder(
        person_id=delegate.id, staff_no=delegate.staff_no, name=delegate.name, position=post.position,
        delegation_id=granted.id, on_behalf_of=acting.delegator.id, on_behalf_staff_no=acting.delegator.staff_no,
        to_on=legal_day(delegation.ends_at(granted, post)),
        permissions=delegation.permissions_left(matrix, granted, post),
        limits=delegation.limits_left(matrix, granted, post, table),
    )  # fmt: skip
