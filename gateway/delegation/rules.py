"""Who may act for whom, with what, and until when: pure decisions, the same at the grant and at every use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from gateway.organisation.rules import SECURITY, IncompatiblePositions, ordered_period
from shared.authority import AuthorityTable, Limit, caller_limits, highest_limit, lower_limits, rank
from shared.clock import at_midnight, legal_day
from shared.errors import ActionNotPermitted, Conflict, Fault, Forbidden, Refused, SeparationOfDuties, Text
from shared.money import yuan

if TYPE_CHECKING:
    from shared.actor import Actor

OWN_DOMAIN = "organisation"
BUSINESS_NOUNS = ("directive", "work_item")
"""What the gateway itself offers as business; all else that it lets somebody change is authority over others."""


class PermissionNotDelegable(Refused):
    """The faults name the permissions that are no business of a service, or do not exist."""

    code = "permission_not_delegable"
    title = Text("该权限不可转授", "The permission cannot be delegated")
    detail = Text("只能转授业务权限，详见 errors。", "Only business permissions are delegated; see errors.")


class PermissionNotHeld(Forbidden):
    """Member: `permissions`, those that the delegator does not have."""

    code = "permission_not_held"
    title = Text("不能转授自己没有的权限", "Nobody delegates what he does not have")
    detail = Text("授权人没有以下权限：{permissions}。", "The delegator does not have: {permissions}.")


class LimitAboveOwn(Forbidden):
    """Members: `limit`, the delegator's own, and `amount`, the one asked for."""

    code = "limit_above_own"
    title = Text("转授金额超出授权人权限", "The limit exceeds the delegator's")
    detail = Text("授权人权限为 {limit} 元，不能转授 {amount} 元。", "The delegator's own limit is {limit}.")


class DelegateUnsuitable(Refused):
    """Member: `reason`: no_appointment, other_branch, lower_level."""

    code = "delegate_unsuitable"
    title = Text("受托人不符合条件", "This person cannot be the delegate")
    detail = Text(
        "受托人须在同一分公司、同级或上级机构任职（{reason}）。",
        "The delegate works at the same or a higher level of the same branch ({reason}).",
    )


class PeriodOutside(Refused):
    """The faults say which end lies in the past, or outside the delegator's own appointment."""

    code = "delegation_period"
    title = Text("转授权期间无效", "The period cannot be delegated")
    detail = Text("转授权期间须自今日起并在授权人任职期内。", "It begins today or later, within the delegator's own.")


class DelegationEnded(Conflict):
    code = "delegation_ended"
    title = Text("转授权已结束", "The delegation has ended")
    detail = Text("该转授权已撤销或已届满。", "The delegation was revoked or has run out.")


class Seat(Protocol):
    """An appointment with its unit."""

    @property
    def id(self) -> UUID: ...
    @property
    def position(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def from_on(self) -> date: ...
    @property
    def to_on(self) -> date | None: ...


class Holder(Protocol):
    """Somebody with everything that he holds, now and later."""

    @property
    def id(self) -> UUID: ...
    @property
    def active(self) -> bool: ...
    @property
    def posts(self) -> Sequence[Seat]: ...


class Permissions(Protocol):
    """What the matrix knows."""

    @property
    def permissions(self) -> Mapping[str, Any]: ...
    @property
    def positions(self) -> Mapping[str, Any]: ...
    def permissions_of(self, position: str, level: str, unit_kind: str = "standard") -> frozenset[str]: ...
    def ladder_of(self, permission: str) -> str | None: ...
    def forbidden_pair(self, held: Iterable[str], new: str) -> tuple[str, str] | None: ...


@dataclass(frozen=True, slots=True)
class Delegation:
    """One delegation as it was granted: for [`from_on`, `to_on`), counted in legal days."""

    id: UUID
    appointment_id: UUID
    """The delegator's, whose authority it is."""
    from_person_id: UUID
    to_person_id: UUID
    permissions: frozenset[str]
    limit: Decimal | None
    """Yuan; None: the delegator's own limits."""
    from_on: date
    to_on: date
    revoked: bool = False

    def in_force(self, day: date) -> bool:
        return not self.revoked and self.from_on <= day < self.to_on

    def status(self, day: date) -> str:
        """`revoked`, `planned`, `active` or `ended` on `day`."""
        if self.revoked:
            return "revoked"
        return "planned" if day < self.from_on else "active" if day < self.to_on else "ended"


def _branch(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")[:2])


def _holds(seat: Seat, day: date) -> bool:
    return seat.from_on <= day and (seat.to_on is None or day < seat.to_on)


def may_delegate(actor: Actor, delegator_id: UUID, to_person_id: UUID, *, own_appointment: bool) -> None:
    """The holder himself, or the security administrator for somebody who cannot; never to oneself, never what one
    holds by delegation only. Raises `ActionNotPermitted`, `SeparationOfDuties`.
    """
    if actor.delegation_id is not None or (not own_appointment and actor.position != SECURITY):
        raise ActionNotPermitted()
    if to_person_id == delegator_id or (to_person_id == actor.person_id and not own_appointment):
        raise SeparationOfDuties(conflicting_duty="delegator")


def delegable(matrix: Permissions, permission: str) -> bool:
    """Whether it is business: of a service, a read, or a directive or work item of the gateway's own."""
    row = matrix.permissions.get(permission)
    if row is None or row.kind == "session":
        return False
    domain, noun, _ = permission.split(".")
    return domain != OWN_DOMAIN or row.kind == "read" or noun in BUSINESS_NOUNS


def check_permissions(matrix: Permissions, seat: Seat, wanted: Sequence[str]) -> None:
    """Raises `PermissionNotDelegable` (422), `PermissionNotHeld` (403)."""
    words = Text("不是可转授的业务权限。", "It is no business permission.")
    group = matrix.positions[seat.position].group
    faults = [
        Fault(PermissionNotDelegable.code, words, pointer=f"#/permissions/{n}")
        for n, one in enumerate(wanted)
        if group != "business" or not delegable(matrix, one)
    ]
    if faults:
        raise PermissionNotDelegable(*faults)
    missing = sorted(set(wanted) - matrix.permissions_of(seat.position, seat.level, seat.kind))
    if missing:
        raise PermissionNotHeld(permissions=missing)


def check_limit(
    matrix: Permissions, table: AuthorityTable | None, seat: Seat, wanted: Iterable[str], limit: Decimal | None
) -> None:
    """Not above the widest of the limits that go with the permissions. Raises `LimitAboveOwn`."""
    ladders = {matrix.ladder_of(one) for one in wanted} - {None}
    if limit is None or not ladders:
        return
    held = () if table is None else caller_limits(table, seat.position, seat.level, seat.kind)
    widest = [highest_limit(held, str(kind)) for kind in ladders]
    if all(one.amount is not None and limit > one.amount for one in widest):
        own = max((one.amount for one in widest if one.amount is not None), default=Decimal(0))
        raise LimitAboveOwn(limit=yuan(own), amount=yuan(limit))


def check_period(seat: Seat, from_on: date, to_on: date, today: date) -> None:
    """Raises `PeriodReversed`, `PeriodOutside`."""
    ordered_period(from_on, to_on)
    past = Text("起期早于今日。", "It begins in the past.")
    outside = Text("超出授权人任职期间。", "It lies outside the delegator's appointment.")
    if from_on < today:
        raise PeriodOutside(Fault(PeriodOutside.code, past, pointer="#/from"))
    if not _holds(seat, from_on):
        raise PeriodOutside(Fault(PeriodOutside.code, outside, pointer="#/from"))
    if seat.to_on is not None and to_on > seat.to_on:
        raise PeriodOutside(Fault(PeriodOutside.code, outside, pointer="#/to"))


def check_delegate(matrix: Permissions, seat: Seat, delegate: Holder, day: date) -> None:
    """Same branch, same or a higher level, and no position of his that excludes the delegator's.

    Raises `DelegateUnsuitable` (422), `IncompatiblePositions` (409).
    """
    held = [one for one in delegate.posts if _holds(one, day)] if delegate.active else []
    near = [one for one in held if _branch(one.path) == _branch(seat.path)]
    if not any(rank(one.level) >= rank(seat.level) for one in near):
        reason = "no_appointment" if not held else "other_branch" if not near else "lower_level"
        fault = Fault(DelegateUnsuitable.code, DelegateUnsuitable.detail, pointer="#/to_person_id")
        raise DelegateUnsuitable(fault, reason=reason)
    pair = matrix.forbidden_pair((one.position for one in held), seat.position)
    if pair is not None:
        raise IncompatiblePositions(held=pair[0], position=pair[1])


def seat_of(
    matrix: Permissions, delegation: Delegation, delegator: Holder, delegate: Holder, now: datetime
) -> Seat | None:
    """The delegator's appointment that `delegate` may act under now; None where any bound no longer holds.

    Everything is judged anew: the window, the delegator's appointment, the delegate's own place, what excludes what.
    """
    day = legal_day(now)
    seat = next((one for one in delegator.posts if one.id == delegation.appointment_id and _holds(one, day)), None)
    if seat is None or not delegator.active or delegate.id != delegation.to_person_id or not delegation.in_force(day):
        return None
    try:
        check_delegate(matrix, seat, delegate, day)
    except (DelegateUnsuitable, IncompatiblePositions):
        return None
    return seat


def ends_at(delegation: Delegation, seat: Seat) -> datetime:
    """The first moment at which it no longer holds: its own end or that of the delegator's appointment."""
    return at_midnight(delegation.to_on if seat.to_on is None else min(delegation.to_on, seat.to_on))


def permissions_left(matrix: Permissions, delegation: Delegation, seat: Seat) -> frozenset[str]:
    """What was delegated, as far as the delegator still has it."""
    return delegation.permissions & matrix.permissions_of(seat.position, seat.level, seat.kind)


def limits_left(
    matrix: Permissions, delegation: Delegation, seat: Seat, table: AuthorityTable | None
) -> tuple[Limit, ...]:
    """The lower of the delegator's present limit and the delegation's, of the kinds that were delegated."""
    if table is None:
        return ()
    ladders = {matrix.ladder_of(one) for one in permissions_left(matrix, delegation, seat)}
    held = caller_limits(table, seat.position, seat.level, seat.kind)
    return lower_limits((one for one in held if one.kind in ladders), delegation.limit)


def may_revoke(actor: Actor, delegation: Delegation, today: date) -> None:
    """The delegator, the delegate who gives it back, or the security administrator.

    Raises `ActionNotPermitted`, `DelegationEnded`.
    """
    persons = (delegation.from_person_id, delegation.to_person_id)
    if actor.person_id not in persons and actor.position != SECURITY:
        raise ActionNotPermitted()
    if delegation.status(today) in ("revoked", "ended"):
        raise DelegationEnded()
