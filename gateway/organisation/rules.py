"""What may become of the tree and of positions: pure decisions, one exception class per refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from shared.errors import ActionNotPermitted, Conflict, Refused, SeparationOfDuties, Text

if TYPE_CHECKING:
    from shared.actor import Actor

PARENT_LEVEL = {"branch": "head_office", "central_branch": "branch", "sub_branch": "central_branch"}
"""Level of a unit → the level its parent has. There is one head office, and it is not opened by anybody."""

PERSON, MACHINE = "person", "machine"
SECURITY = "security_admin"


class Positions(Protocol):
    """What the matrix of permissions knows about positions."""

    def exists(self, position: str, level: str, unit_kind: str = "standard") -> bool: ...
    def forbidden_pair(self, held: Iterable[str], new: str) -> tuple[str, str] | None: ...


class UnitCodeTaken(Conflict):
    code = "unit_code_taken"
    title = Text("机构代码已存在", "The unit code is taken")
    detail = Text("机构代码 {unit_code} 已被使用。", "The unit code {unit_code} is in use.")


class WrongParentLevel(Refused):
    """Members: `level`, `parent_level`."""

    code = "wrong_parent_level"
    title = Text("上级机构级别不符", "The parent has the wrong level")
    detail = Text(
        "{level} 不能设在 {parent_level} 之下。",
        "A unit of level {level} cannot stand below one of level {parent_level}.",
    )


class UnitCycle(Refused):
    code = "unit_cycle"
    title = Text("机构不能隶属于自身", "A unit cannot stand below itself")
    detail = Text("机构不能以自身或其下级为上级。", "A unit's parent is neither itself nor one of the units below it.")


class ParentClosed(Conflict):
    """Member: `closed_on`."""

    code = "parent_closed"
    title = Text("上级机构已撤销", "The parent is closed")
    detail = Text("上级机构已于 {closed_on} 撤销。", "The parent closes on {closed_on}.")


class BranchLocalExists(Conflict):
    code = "branch_local_exists"
    title = Text("分公司本部已存在", "The branch has its own operating unit")
    detail = Text("每个分公司只设一个本部。", "A branch has one operating unit of its own.")


class AreaTaken(Conflict):
    """Members: `area_code`, `unit_code` of the unit that has it."""

    code = "area_taken"
    title = Text("区域已归属其他机构", "The area belongs to another unit")
    detail = Text("区域 {area_code} 已归属机构 {unit_code}。", "The area {area_code} belongs to unit {unit_code}.")


class TeamCodeTaken(Conflict):
    code = "team_code_taken"
    title = Text("团队代码已存在", "The team code is taken")
    detail = Text("团队代码 {team_code} 已被使用。", "The team code {team_code} is in use.")


class UnitDoesNotSell(Refused):
    code = "unit_does_not_sell"
    title = Text("该级机构不设展业团队", "Units of this level have no sales teams")
    detail = Text("展业团队只设在中心支公司与支公司。", "Sales teams belong to central branches and sub-branches.")


class PeriodReversed(Refused):
    code = "period_reversed"
    title = Text("止期早于起期", "The end lies before the beginning")
    detail = Text("止期必须晚于起期。", "The end must lie after the beginning.")


class StaffNoTaken(Conflict):
    code = "staff_no_taken"
    title = Text("工号已存在", "The staff number is taken")
    detail = Text("一个工号只对应一个人。", "A staff number belongs to one person.")


class PersonInactive(Conflict):
    code = "person_inactive"
    title = Text("人员已离司", "The person has left")
    detail = Text("该人员已离司。", "The person has left.")


class PositionNotAtLevel(Refused):
    """Members: `position`, `level`, `unit_kind`."""

    code = "position_not_at_level"
    title = Text("该级机构不设此岗位", "The position does not exist there")
    detail = Text("{level} 不设 {position} 岗位。", "There is no {position} at a unit of level {level}.")


class PositionNotForKind(Refused):
    code = "position_not_for_kind"
    title = Text("岗位与人员类别不符", "The position does not fit")
    detail = Text(
        "系统账户只能任系统岗位，自然人不能任系统岗位。",
        "A machine holds the machine's position only, and no person holds it.",
    )


class IncompatiblePositions(Conflict):
    """Members: `position`, `held`."""

    code = "incompatible_positions"
    title = Text("岗位不相容", "The positions exclude each other")
    detail = Text(
        "同一人不能同时担任 {held} 与 {position}。", "One person may not hold {held} and {position} at the same time."
    )


class AlreadyAppointed(Conflict):
    code = "already_appointed"
    title = Text("该任职已存在", "The person holds this already")
    detail = Text("该人员在该机构已任此岗位。", "The person holds this position at this unit in that time.")


class AppointmentEnded(Conflict):
    code = "appointment_ended"
    title = Text("任职已结束", "The appointment has ended")
    detail = Text("该任职已于 {to} 结束。", "The appointment ended on {to}.")


class EffectiveInPast(Refused):
    """Member: `today`."""

    code = "effective_in_past"
    title = Text("生效日早于今日", "The effective date lies in the past")
    detail = Text(
        "生效日不得早于今日({today})。", "A change takes effect today ({today}) or later; the past stays as it was."
    )


class UnitCloses(Conflict):
    """Member: `closes_on`."""

    code = "unit_closes"
    title = Text("机构将于该日前撤销", "The unit closes before")
    detail = Text("该机构自 {closes_on} 起撤销。", "The unit no longer works from {closes_on} on.")


class HeadOfficeStays(Refused):
    code = "head_office_stays"
    title = Text("总公司不能调整", "The head office stays")
    detail = Text("总公司不能迁移、合并或撤销。", "The head office neither moves nor merges nor closes.")


class UnitNotOpen(Refused):
    """Member: `opened_on`."""

    code = "unit_not_open"
    title = Text("机构尚未开业", "The unit is not open yet")
    detail = Text("该机构于 {opened_on} 开业。", "The unit opens on {opened_on}.")


@dataclass(frozen=True, slots=True)
class Held:
    """A position that a person holds at a unit, from `from_on` until the day before `to_on`."""

    position: str
    unit_code: str
    from_on: date
    to_on: date | None


def overlap(from_a: date, to_a: date | None, from_b: date, to_b: date | None) -> bool:
    """Whether two periods have a day in common; the end is the first day after."""
    begins = max(from_a, from_b)
    return all(end is None or begins < end for end in (to_a, to_b))


def in_force(from_on: date, to_on: date | None, day: date) -> bool:
    return from_on <= day and (to_on is None or day < to_on)


def ordered_period(from_on: date, to_on: date | None) -> None:
    """Raises `PeriodReversed` where no day is left."""
    if to_on is not None and to_on <= from_on:
        raise PeriodReversed()


def may_stand_below(
    level: str, kind: str, code: str, parent_code: str, parent_level: str, parent_kind: str, parent_path: str
) -> None:
    """A unit of `level` below this parent. Raises `UnitCycle`, `WrongParentLevel`."""
    if code == parent_code or code in parent_path.split("."):
        raise UnitCycle()
    fits = PARENT_LEVEL.get(level) == parent_level and parent_kind == "standard"
    if not fits or (kind == "branch_local" and level != "central_branch"):
        raise WrongParentLevel(level=level, parent_level=parent_level)


def may_change_place(level: str, closed_on: date | None) -> None:
    """Whether a unit may move, merge or close at all. Raises `HeadOfficeStays`, `UnitCloses`."""
    if level == "head_office":
        raise HeadOfficeStays()
    if closed_on is not None:
        raise UnitCloses(closes_on=closed_on.isoformat())


def areas_free(wanted: Iterable[str], taken: Mapping[str, str], own_code: str) -> None:
    """An area belongs to one unit. `taken`: area → code of its unit. Raises `AreaTaken`."""
    for area in wanted:
        if taken.get(area, own_code) != own_code:
            raise AreaTaken(area_code=area, unit_code=taken[area])


def may_have_teams(level: str) -> None:
    """Raises `UnitDoesNotSell` for a branch or the head office, which do not operate."""
    if level not in ("central_branch", "sub_branch"):
        raise UnitDoesNotSell()


def may_appoint(actor: Actor, person_id: UUID) -> None:
    """Nobody gives or takes away a position of his own. Raises `SeparationOfDuties`."""
    if actor.person_id == person_id:
        raise SeparationOfDuties(conflicting_duty=actor.position)


def may_hold(
    positions: Positions, kind: str, active: bool, held: Iterable[Held], new: Held, level: str, unit_kind: str
) -> None:
    """Whether somebody who holds `held` may hold `new` as well, counted by person and by day.

    Raises `PersonInactive`, `PeriodReversed`, `PositionNotAtLevel`, `PositionNotForKind`, `AlreadyAppointed`,
    `IncompatiblePositions`.
    """
    if not active:
        raise PersonInactive()
    ordered_period(new.from_on, new.to_on)
    if not positions.exists(new.position, level, unit_kind):
        raise PositionNotAtLevel(position=new.position, level=level, unit_kind=unit_kind)
    if (kind == MACHINE) != (new.position == "core_system"):
        raise PositionNotForKind()
    at_the_time = [one for one in held if overlap(one.from_on, one.to_on, new.from_on, new.to_on)]
    if any((one.position, one.unit_code) == (new.position, new.unit_code) for one in at_the_time):
        raise AlreadyAppointed()
    pair = positions.forbidden_pair((one.position for one in at_the_time), new.position)
    if pair is not None:
        raise IncompatiblePositions(held=pair[0], position=pair[1])


def not_in_past(day: date, today: date) -> None:
    """Raises `EffectiveInPast`."""
    if day < today:
        raise EffectiveInPast(today=today.isoformat())


def works_in(opened_on: date, closes_on: date | None, from_on: date, to_on: date | None) -> None:
    """Whether a unit works in the whole of a period. Raises `UnitNotOpen`, `UnitCloses`."""
    if from_on < opened_on:
        raise UnitNotOpen(opened_on=opened_on.isoformat())
    if closes_on is not None and (from_on >= closes_on or to_on is None or to_on > closes_on):
        raise UnitCloses(closes_on=closes_on.isoformat())


def end_of(from_on: date, to_on: date | None, today: date, wanted: date | None = None) -> date:
    """The first day without an appointment that is ended with the day `wanted`, else today; one that has not begun by
    then never begins. Raises `EffectiveInPast`, `AppointmentEnded`.
    """
    not_in_past(wanted or today, today)
    ends = max(wanted or today, from_on)
    if to_on is not None and to_on <= ends:
        raise AppointmentEnded(to=to_on.isoformat())
    return ends


def next_turn(from_on: date, to_on: date | None, today: date) -> date | None:
    """The next day on which an appointment begins or ends; None where that is over, or it never begins."""
    if to_on is not None and to_on <= from_on:
        return None
    return next((day for day in (from_on, to_on) if day is not None and day > today), None)


def may_declare(actor: Actor, person_id: UUID) -> None:
    """Everybody declares for himself, the security administrator for others too. Raises `ActionNotPermitted`."""
    if actor.person_id != person_id and actor.position != SECURITY:
        raise ActionNotPermitted()
