"""Answered on its sixtieth day: two longer periods, both told in time, the second approved above."""

from __future__ import annotations

from typing import Any

from tests.support.claim_life import MovedClock
from tests.support.complaint_story import ComplaintStory, staff_no, taken_in
from tests.support.journeys import ago, move
from tests.support.system import System

BEGINS = "2026-07-06T09:00"


async def test_two_longer_periods_are_told_and_the_second_is_approved_above(clock: MovedClock, system: System) -> None:
    """Received on 6 July: due on the 21st, on 5 August, on 4 September."""
    story, forgotten = await taken_in(system), await taken_in(system)
    login = (await story.in_work()).login
    late = (await forgotten.in_work()).login
    assert (await story.read())["due_on"] == "2026-07-21"
    move(system, clock, "2026-07-17T09:00")
    await system.tick("complaints")
    assert "complaint_due_soon" not in await story.items()
    move(system, clock, "2026-07-18T09:00")
    await system.tick("complaints")
    assert "complaint_due_soon" in await story.items()
    officer = await system.gateway.enter_as(login)
    longer = {"days": 15, "reason": "须向第三方核实", "told_at": ago()}
    await story.refused(422, "extension_not_told", officer, "extensions", {"days": 15, "reason": "须核实"})
    await story.refused(409, "state_conflict", officer, "extensions", longer | {"days": 30})
    await story.done(officer, "extensions", longer)
    assert (await story.read())["due_on"] == "2026-08-05"
    letter = await system.gateway.post(officer, f"{story.path}/letters", {"kind": "period"})
    assert letter.status_code == 201, letter.text
    move(system, clock, "2026-07-23T09:00")
    officer = await system.gateway.enter_as(late)
    await forgotten.refused(422, "extension_told_too_late", officer, "extensions", longer | {"told_at": ago()})
    await system.tick("complaints")
    assert {"overdue_complaint", "escalated_complaint"} <= await forgotten.items()
    await _extended_with_approval(story, clock, login)
    assert [text.count("8月5日") + text.count("9月4日") for text in await story.messages("period_changed")] == [1, 1]
    move(system, clock, "2026-09-04T17:00")
    await story.answered(await system.gateway.enter_as(login))
    await system.tick("complaints")
    read = await story.read()
    assert (read["status"], read.get("breached_at")) == ("notified", None)
    assert (await story.events())[:3] == ["registered", "extended", "extended"]
    assert (await forgotten.events()) == ["registered", "breached"]


async def _extended_with_approval(story: ComplaintStory, clock: MovedClock, login: str) -> None:
    system = story.system
    move(system, clock, "2026-08-03T09:00")
    officer = await system.gateway.enter_as(login)
    above, beside = await system.enter("complaint_officer", "00"), await system.enter("department_head", "32")
    last = {"days": 30, "reason": "等待鉴定结论", "told_at": ago()}

    def by(person: Any) -> dict[str, Any]:
        return last | {"approval": {"approved_at": ago(minutes=30), "approver_staff_no": staff_no(person)}}

    await story.refused(422, "extension_not_approved", officer, "extensions", last)
    await story.refused(422, "extension_approver_not_above", officer, "extensions", by(beside))
    await story.refused(403, "separation_of_duties", officer, "extensions", by(officer))
    await story.done(officer, "extensions", by(above))
    read = await story.read()
    assert (read["status"], read["due_on"]) == ("extended_60", "2026-09-04")
    await story.refused(409, "state_conflict", officer, "extensions", by(above))
