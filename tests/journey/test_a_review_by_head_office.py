"""A review, asked for in writing within its days and decided by head office; one asked for too late."""

from __future__ import annotations

from tests.support.claim_life import MovedClock
from tests.support.complaint_story import ComplaintStory, taken_in, upload
from tests.support.complaint_world import REPLY
from tests.support.journeys import ago, move
from tests.support.system import System

BEGINS = "2026-09-01T09:00"


async def test_a_review_is_asked_for_in_its_days_and_decided_by_head_office(clock: MovedClock, system: System) -> None:
    story, forgotten = await taken_in(system), await taken_in(system)
    for one in (story, forgotten):
        await one.answered(await one.in_work())
    officer = await story.officer()
    move(system, clock, "2026-09-25T09:00")
    asked = await _asked(story)
    read = await story.read()
    assert (read["status"], read["review"]["due_on"]) == ("review_requested", "2026-10-25"), asked
    decision = REPLY | {"outcome": "changed"}
    officer = await system.gateway.enter_as(officer.login)
    await story.refused(403, "review_by_same_person", officer, "review-decisions", decision)
    move(system, clock, "2026-10-12T09:00")
    late = await _asked(forgotten, expected=409)
    assert late["code"] == "review_request_late"
    await story.done("complaint_officer@00", "review-decisions", decision)
    read = await story.read()
    assert (read["status"], read["review"]["outcome"]) == ("review_decided", "changed")
    letter = await system.gateway.post(
        await system.enter("complaint_officer", "00"), f"{story.path}/letters", {"kind": "review_reply"}
    )
    assert letter.status_code == 201, letter.text
    assert (await story.events())[-1] == "decided"
    await system.tick("complaints")
    assert "overdue_review" not in await story.items()


async def _asked(story: ComplaintStory, expected: int = 201) -> dict[str, str]:
    """A written request at the counter."""
    agent = await story.system.enter("service_agent", "3201")
    paper = await upload(story.system, agent)
    body = {"requested_at": ago(), "grounds": "对处理决定不服", "upload_ids": [paper]}
    answer = await story.step(agent, "reviews", body)
    assert answer.status_code == expected, answer.text
    return answer.json()
