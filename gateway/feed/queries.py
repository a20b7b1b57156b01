"""Named reads of the feed. Row scope keeps foreign branches out; permissions and order are asked for here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select

from gateway.feed.rules import ALSO_WITH, readable
from gateway.feed.tables import FeedEvent, FeedHead, FeedKeptOut
from shared.database import Transaction
from shared.errors import CursorInvalid

BRANCH_STEPS = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are meant; an empty collection: any."""

    types: Collection[str] = ()
    record_ids: Collection[UUID] = ()


ANY = Wanted()


async def head(tx: Transaction) -> int:
    """The position of the newest event, whoever may see it."""
    return await tx.scalar(select(FeedHead.last)) or 0


async def position_after(tx: Transaction, cursor: str | None) -> int:
    """Where to go on after the event that `cursor` names; 0 without one.

    Raises `CursorInvalid` for what names no event that this caller may read, or one that the feed no longer has.
    """
    if cursor is None:
        return 0
    try:
        # who was given an event and has to stay out of its record since still goes on behind it
        statement = _permitted(tx, FeedEvent.position).where(FeedEvent.event_id == UUID(cursor))
    except ValueError:
        raise CursorInvalid() from None
    position = await tx.scalar(statement)
    if position is None:
        raise CursorInvalid()
    return position


async def events_after(tx: Transaction, position: int, limit: int, wanted: Wanted = ANY) -> Sequence[FeedEvent]:
    """Up to `limit` events after `position` that the caller may read, in the order of the feed."""
    statement = _readable(tx, FeedEvent).where(FeedEvent.position > position)
    if wanted.types:
        statement = statement.where(FeedEvent.type.in_(list(wanted.types)))
    if wanted.record_ids:
        statement = statement.where(FeedEvent.record_id.in_(list(wanted.record_ids)))
    return await tx.scalars(statement.order_by(FeedEvent.position).limit(limit))


async def events_between(tx: Transaction, after: int, until: int, limit: int, person: UUID) -> Sequence[FeedEvent]:
    """Up to `limit` events with `after` < position ≤ `until` in the scope of the transaction, whatever it takes to read
    them, but for those about records that `person` must stay out of."""
    statement = select(FeedEvent).where(FeedEvent.position > after, FeedEvent.position <= until, *_reaching([person]))
    return await tx.scalars(statement.order_by(FeedEvent.position).limit(limit))


def _reaching(persons: Collection[UUID]) -> tuple[ColumnElement[bool], ...]:
    """Neither the event's record nor what it is about is one that one of these persons must stay out of."""
    hidden = select(FeedKeptOut.record_id).where(FeedKeptOut.person_id.in_(persons))
    about = func.coalesce(FeedEvent.event["data"]["about"].astext, "")
    return FeedEvent.record_id.not_in(hidden), about.not_in(select(cast(hidden.subquery().c.record_id, Text)))


def _readable(tx: Transaction, what: object) -> Select:
    persons = [one for one in (tx.actor.person_id, tx.actor.on_behalf_of) if one is not None]
    return _permitted(tx, what).where(*_reaching(persons))


def _permitted(tx: Transaction, what: object) -> Select:
    held = [one for one in tx.actor.permissions if one.endswith(".read")]
    also = list(readable(ALSO_WITH, tx.actor.permissions))
    allowed = or_(FeedEvent.permission.in_(held), FeedEvent.type.in_(also)) if also else FeedEvent.permission.in_(held)
    statement = select(what).where(allowed)  # type: ignore[call-overload]
    steps = tx.actor.scope.split(".")
    # row scope says the same; said like this an index by branch and position serves it in order
    return statement.where(FeedEvent.branch == ".".join(steps[:BRANCH_STEPS])) if len(steps) > 1 else statement
