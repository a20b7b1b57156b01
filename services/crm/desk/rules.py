"""What a desk needs: somebody, and hours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shared.calendar import WorkingWindow, working_windows
from shared.errors import Refused, Text

POSITIONS = ("service_agent",)


class DeskWithoutPeople(Refused):
    code = "desk_without_people"
    title = Text("咨询台无人", "A desk needs somebody")
    detail = Text("每个机构至少须有一名专职或兼职受理人员。", "Every unit has at least one person, full or part time.")


class HoursInvalid(Refused):
    code = "hours_invalid"
    title = Text("受理时间有误", "The hours are not valid")
    detail = Text("受理时间段须按先后排列、互不重叠且不为空。", "Hours are in order, apart and not empty.")


class PersonListedTwice(Refused):
    code = "person_listed_twice"
    title = Text("人员重复", "A person is listed twice")
    detail = Text("工号 {staff_no} 重复。", "Staff number {staff_no} is listed twice.")


class UnitWithoutDesk(Refused):
    """Member: `unit_code`."""

    code = "unit_without_desk"
    title = Text("该机构未设咨询台", "The unit has no desk")
    detail = Text("机构 {unit_code} 尚未设置受理人员。", "Unit {unit_code} has nobody who takes enquiries.")


def check_desk(staff_numbers: Sequence[str], hours: Sequence[Sequence[str]]) -> tuple[WorkingWindow, ...]:
    """The working windows of a desk; refuses (422) one without people, with a person twice, or with wrong hours."""
    if not staff_numbers:
        raise DeskWithoutPeople()
    for n, one in enumerate(staff_numbers):
        if one in staff_numbers[:n]:
            raise PersonListedTwice(staff_no=one)
    try:
        return working_windows(hours)
    except ValueError as fault:
        raise HoursInvalid() from fault


def refuse_without_desk(unit_code: str, people: Collection[object]) -> None:
    """Refuse (422) to give an enquiry to a unit where nobody takes it."""
    if not people:
        raise UnitWithoutDesk(unit_code=unit_code)
