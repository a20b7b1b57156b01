"""A simple complaint from the call to its closing: money within the limit, a letter whose receipt is the telling."""

from __future__ import annotations

from typing import Any

from tests.support.claim_life import MovedClock
from tests.support.complaint_story import ComplaintStory, officers, taken_in
from tests.support.complaint_world import REPLY
from tests.support.journeys import PUBLIC, ago, move, sold
from tests.support.sample_files import pdf
from tests.support.system import System

BEGINS = "2026-05-11T09:00"


async def test_a_simple_complaint_is_answered_and_closed(clock: MovedClock, system: System) -> None:
    policy = await sold(system, PUBLIC)
    story = await taken_in(system, about={"policy_no": policy["policy_no"]}, cause="refusal_dispute")
    read = await story.read()
    assert (read["owner_path"], read["status"], read["rule"]) == ("00.32", "registered", "r2020")
    assert (read["due_on"], read["due_legal_on"]) == ("2026-05-26", "2026-05-26")
    assert len(await story.messages("accepted")) == 1
    await story.done("service_agent@3201", "identity-checks", {"result": "confirmed"})
    move(system, clock, "2026-05-11T15:00")
    await system.tick("complaints")
    assert (await story.read())["status"] == "assigned", "nobody gave it to an officer, so it goes to one by itself"
    officer = await story.officer()
    await _looked_into(story, officer)
    await _money(story, officer)
    move(system, clock, "2026-05-20T10:00")
    await _answered_by_letter(story, officer.login)
    await system.drain()
    await _seen_at_the_customer(system, story)
    move(system, clock, "2026-06-20T10:00")
    await system.tick("complaints")
    assert (await story.read())["status"] == "notified", "the last day for a review is a holiday: it moves to the 22nd"
    move(system, clock, "2026-06-23T10:00")
    await system.tick("complaints")
    read = await story.read()
    assert (read["status"], read.get("breached_at")) == ("closed", None)
    assert await story.items() == set()
    assert await story.events() == ["registered", "decided", "notified"]
    timeline = [one["kind"] for one in (await story.read(below="/timeline"))["items"]]
    assert timeline.index("investigate") < timeline.index("decide") < timeline.index("close")


async def _looked_into(story: ComplaintStory, officer: Any) -> None:
    system = story.system
    recording = await system.gateway.post(
        officer, f"{story.path}/attachments", files={"file": ("a.pdf", pdf())}, data={"kind": "evidence"}
    )
    assert recording.status_code == 201, recording.text
    evidence = {"kind": "evidence", "step": "调取录音", "attachment_ids": [recording.json()["id"]]}
    await story.done(officer, "investigations", evidence)
    await story.done(officer, "investigations", {"kind": "finding", "step": "未说明免责条款"})


async def _money(story: ComplaintStory, officer: Any) -> None:
    """Proposed by the one officer, decided by the other, within the limit of the branch."""
    other = next(one for one in await officers(story.system) if one.id != officer.id)
    made = await story.done(officer, "compensations", {"amount": "500.00", "reason": "往返交通与误工"})
    step = {"kind": "decision", "outcome": "approve", "amount": "500.00", "reason": "同意"}
    below = f"compensations/{made['id']}/approvals"
    await story.refused(409, "compensation_undecided", officer, "decisions", REPLY)
    await story.refused(403, "separation_of_duties", officer, below, step)
    assert (await story.done(other, below, step))["status"] == "approved"
    paid = {"paid_at": ago(), "reference": "B-1"}
    await story.done(officer, f"compensations/{made['id']}/payments", paid)


async def _answered_by_letter(story: ComplaintStory, login: str) -> None:
    """The reply is a letter; its receipt is the telling."""
    officer = await story.system.gateway.enter_as(login)
    await story.done(officer, "decisions", REPLY)
    gate = story.system.gateway
    letter = await gate.post(officer, f"{story.path}/letters", {"kind": "reply"})
    assert letter.status_code == 201, letter.text
    receipt = {"at": ago(), "method": "handed"}
    await story.done(officer, f"letters/{letter.json()['letter_id']}/receipts", receipt)
    assert (await story.read())["status"] == "notified"


async def _seen_at_the_customer(system: System, story: ComplaintStory) -> None:
    """What happened stands with the customer, who is asked about it within five working days."""
    customer = (await story.read())["customer_id"]
    head = await system.enter("department_head", "32")
    told = (await system.gateway.get(head, f"/v1/customers/{customer}/timeline?about_kind=complaint")).json()["items"]
    assert [one["kind"].rpartition(".")[2] for one in told] == ["notified", "decided", "registered"]
    assert told[1]["amounts"] == {"compensation_amount": "500.00"}
    visits = (await system.gateway.get(head, "/v1/return-visits")).json()["items"]
    assert {one["due"]["due_on"] for one in visits if one["kind"] == "complaint"} <= {"2026-05-27"}, "drawn or not"
