"""Which changes of the tree are possible: pure decisions, one exception class per refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from gateway.organisation.rules import (
    HeadOfficeStays,
    UnitCloses,
    may_change_place,
    may_stand_below,
    not_in_past,
)
from shared.errors import Conflict, Refused, ServiceUnavailable, Text

__all__ = ["HeadOfficeStays", "UnitCloses"]

SHOWN = 500
"""Obstacles, people and pieces of work that an answer lists."""


class ChangePlanned(Conflict):
    """Members: `change_id`, `kind`, `effective_on` of the change that waits."""

    code = "change_planned"
    title = Text("已有待生效的调整", "Another change is planned")
    detail = Text(
        "机构已有 {kind} 将于 {effective_on} 生效，请先撤回。",
        "A {kind} of the unit takes effect on {effective_on}; take it back first.",
    )


class ChangeOver(Conflict):
    """Member: `current_state`."""

    code = "change_over"
    title = Text("调整已生效或已撤回", "The change no longer waits")
    detail = Text("该调整已是 {current_state}。", "The change is {current_state} already.")


class SameParent(Refused):
    code = "same_parent"
    title = Text("上级机构未变", "The parent is the same")
    detail = Text("机构已隶属于该上级。", "The unit stands below this parent already.")


class OwnUnitStays(Refused):
    code = "own_unit_stays"
    title = Text("分公司本部随分公司", "A branch's own unit stays with it")
    detail = Text("分公司本部不能单独迁移或合并。", "A branch's own operating unit neither moves nor merges alone.")


class UnlikeUnits(Refused):
    """Members: `level`, `other_level`."""

    code = "unlike_units"
    title = Text("级别不同的机构不能合并", "Units of different levels do not merge")
    detail = Text("{level} 不能并入 {other_level}。", "A {level} does not merge into a {other_level}.")


class MergedIntoItself(Refused):
    code = "merged_into_itself"
    title = Text("机构不能并入自身", "A unit does not merge into itself")
    detail = Text("机构不能并入自身。", "A unit does not merge into itself.")


class ForeignArea(Refused):
    """Members: `area_code`, `branch_code`."""

    code = "foreign_area"
    title = Text("区域不属于该分公司", "The area is foreign to the branch")
    detail = Text(
        "分公司本部只能服务本分公司的区域，{area_code} 不属于 {branch_code}。",
        "A branch's own unit serves areas of its branch only; {area_code} is foreign to {branch_code}.",
    )


class UnitNotEmpty(Conflict):
    """Member: `obstacles`, at most 500 of them."""

    code = "unit_not_empty"
    title = Text("机构尚有未了事项", "Something is left at the unit")
    detail = Text(
        "机构尚有 {count} 项未了：下级机构、任职人员、待办或待生效的调整，须先处理。",
        "{count} things are left at the unit: units below, people, open work or planned changes; settle them first.",
    )


class WorkUnknown(ServiceUnavailable):
    """Member: `partial`, the services that did not answer."""

    code = "work_unknown"
    title = Text("无法核实待办", "Open work cannot be known")
    detail = Text(
        "部分服务未答复，无法核实机构是否尚有待办，请稍后重试。",
        "Some services did not answer whether work is open at the unit; try again shortly.",
    )


def may_be_planned(level: str, closed_on: date | None, opened_on: date, effective_on: date, today: date) -> None:
    """A unit may change its place from this day. Raises `HeadOfficeStays`, `UnitCloses`, `EffectiveInPast`."""
    may_change_place(level, closed_on)
    not_in_past(effective_on, max(today, opened_on))


def may_move(level: str, kind: str, code: str, parent_code: str | None, new: tuple[str, str, str, str]) -> None:
    """`new`: code, level, kind and path of the parent to be. Raises `OwnUnitStays`, `UnitCycle`, `WrongParentLevel`,
    `SameParent`.
    """
    if kind == "branch_local":
        raise OwnUnitStays()
    may_stand_below(level, kind, code, *new)
    if new[0] == parent_code:
        raise SameParent()


def may_merge(level: str, kind: str, code: str, into_level: str, into_kind: str, into_code: str) -> None:
    """Raises `MergedIntoItself`, `OwnUnitStays`, `UnlikeUnits`."""
    if code == into_code:
        raise MergedIntoItself()
    if "branch_local" in (kind, into_kind):
        raise OwnUnitStays()
    if level != into_level:
        raise UnlikeUnits(level=level, other_level=into_level)


def own_areas(kind: str, branch_code: str, area_codes: Iterable[str], areas_of_branch: Iterable[str]) -> None:
    """A branch's own unit takes areas of its branch only: those within an area that a unit of the branch has, or of the
    province whose code the branch bears. Raises `ForeignArea`.
    """
    if kind != "branch_local":
        return
    known = (branch_code, *areas_of_branch)
    for area in area_codes:
        if not any(area.startswith(one) for one in known):
            raise ForeignArea(area_code=area, branch_code=branch_code)


def nothing_left(obstacles: Sequence[Mapping[str, Any]]) -> None:
    """Raises `UnitNotEmpty` with the obstacles."""
    if obstacles:
        raise UnitNotEmpty(obstacles=list(obstacles[:SHOWN]), count=len(obstacles))


def all_known(partial: Sequence[str]) -> None:
    """Raises `WorkUnknown` where a service did not answer."""
    if partial:
        raise WorkUnknown(partial=list(partial))
