"""Enquiries: taken in by anybody, answered or promised, handed on seldom, never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.crm.climbing.handlers import TICKS
from shared.clock import process_now, rfc3339
from tests.support.claim_life import MovedClock
from tests.support.enquiry_world import (
    AGENT,
    EnquiryWorld,
)
from tests.support.services import ServiceUnderTest


@pytest.fixture
def world(crm: ServiceUnderTest) -> EnquiryWorld:
    return EnquiryWorld(crm)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


async def test_an_enquiry_gets_its_number_and_its_owner_answers_at_once(world: EnquiryWorld) -> None:
    await world.desks()
    year = process_now().year
    answer = await world.ask(answer={"text": "请备齐事故证明和病历。", "told": "phone", "satisfaction": "satisfied"})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"'), answer.text
    out = answer.json()
    assert (out["enquiry_no"], out["status"], out["unit_code"]) == (f"E{year}-32-000001", "closed", "320102")
    read = await world.read(out["id"])
    assert (read["satisfaction"], read["answered_in_time"], read["owner"]["staff_no"]) == (
        "satisfied", True, AGENT.staff_no,
    )  # fmt: skip
    assert read["asker"] == {"name": "欧阳*", "phone": "138****1234", "relation": "insured"}
    assert read["masked"] == ["asker.name", "asker.phone"]
    assert await world.items(out["id"]) == {}
    assert (await world.ask()).json()["enquiry_no"] == f"E{year}-32-000002"


async def test_what_is_not_answered_at_once_is_promised_and_the_customer_told(world: EnquiryWorld) -> None:
    await world.desks()
    enquiry = await world.asked()
    items = await world.items(enquiry)
    assert (set(items), items["answer_enquiry"]["person_id"]) == ({"answer_enquiry"}, AGENT.person_id)
    done = await world.act(enquiry, "promises", {"told": "sms"})
    assert (done.status_code, done.json()["enquiry"]["status"]) == (201, "pending"), done.text
    read = await world.read(enquiry)
    assert (read["promise"]["extensions"], read["promise"]["complex"]) == (0, False)
    assert (await world.items(enquiry))["answer_enquiry"]["due_at"] is not None
    [notice] = await world.rows("notices")
    assert (notice["kind"], notice["channel"], notice["address"]) == ("enquiry_promised", "sms", "13800001234")
    assert read["enquiry_no"] in notice["body"]
    assert "crm.notice.sent.v1" in await world.subjects()
    answered = await world.act(enquiry, "answers", {"text": "已核实，可以受理。", "told": "sms"})
    assert answered.json()["enquiry"]["status"] == "answered"
    assert set(await world.items(enquiry)) == {"close_enquiry"}
    closed = await world.act(enquiry, "closings", {"satisfaction": "very_satisfied"})
    assert closed.json()["enquiry"]["status"] == "closed"
    assert await world.items(enquiry) == {}
    history = (await world.service.get(AGENT, f"/v1/enquiries/{enquiry}/history")).json()["items"]
    assert [one["action"] for one in history] == ["register", "promise", "answer", "close"]
    assert "已核实" not in str(history)


async def test_a_promise_must_lie_ahead_and_within_its_time(world: EnquiryWorld) -> None:
    await world.desks()
    enquiry = await world.asked()
    now = process_now()
    past = {"due_at": rfc3339(now - timedelta(minutes=1)), "told": "phone"}
    refused(await world.act(enquiry, "promises", past), 422, "promise_in_past")
    far = {"due_at": rfc3339(now + timedelta(days=30)), "told": "phone", "complex": True}
    refused(await world.act(enquiry, "promises", far), 422, "promise_too_long")
    nameless = await world.asked(asker={})
    refused(await world.act(nameless, "promises", {"told": "sms"}), 422, "cannot_be_told")
    assert (await world.enquiry(enquiry))["status"] == "received"
    assert (await world.enquiry(nameless))["version"] == 1


async def test_pending_without_a_promise_is_nothing_that_can_be_asked_for(world: EnquiryWorld) -> None:
    enquiry = await world.asked()
    answer = await world.act(enquiry, "promises", {})
    assert refused(answer, 422, "validation_failed")["errors"][0]["pointer"] == "#/told"
    refused(await world.ask(status="pending"), 422, "unknown_property")


async def test_a_promise_is_extended_once_and_with_a_reason(world: EnquiryWorld) -> None:
    await world.desks()
    enquiry = await world.asked()
    soon = {"due_at": rfc3339(process_now() + timedelta(hours=1)), "told": "phone"}
    assert (await world.act(enquiry, "promises", {**soon, "complex": True})).status_code == 201
    refused(await world.act(enquiry, "promises", {"told": "phone"}), 422, "reason_required")
    refused(await world.act(enquiry, "promises", soon | {"reason": "x"}), 422, "promise_not_later")
    longer = {"told": "phone", "reason": "等待理算核对"}
    assert (await world.act(enquiry, "promises", longer)).json()["kind"] == "extend"
    refused(await world.act(enquiry, "promises", longer), 409, "already_extended")
    assert (await world.read(enquiry))["promise"]["extensions"] == 1


async def test_the_clock_stands_still_while_the_customer_must_answer(world: EnquiryWorld, clock: MovedClock) -> None:
    clock.set("2026-06-08T09:00")
    await world.appoint(AGENT)
    await world.staff(AGENT, hours=[["08:30", "12:00"], ["13:30", "17:30"]])
    enquiry = await world.asked()
    early = await world.act(enquiry, "pauses", {"wanted": "保单号", "told": "sms"})
    refused(early, 409, "state_conflict")
    await world.act(enquiry, "promises", {"told": "phone"})
    assert (await world.read(enquiry))["promise"]["due_at"][:16] == "2026-06-09T09:00"
    refused(await world.act(enquiry, "pauses", {"act": "end"}), 409, "promise_not_paused")
    refused(await world.act(enquiry, "pauses", {}), 422, "validation_failed")
    clock.set("2026-06-08T16:30")
    begun = await world.act(enquiry, "pauses", {"wanted": "保单号", "told": "sms"})
    assert begun.status_code == 201, begun.text
    refused(await world.act(enquiry, "pauses", {"wanted": "保单号", "told": "sms"}), 409, "promise_paused")
    clock.set("2026-06-11T10:00")
    assert await world.tick(*TICKS) == 0, "nobody escalates what waits for the customer"
    assert (await world.act(enquiry, "pauses", {"act": "end"})).json()["kind"] == "resume"
    read = await world.read(enquiry)
    assert read["promise"]["due_at"][:16] == "2026-06-11T11:30"
    [span] = read["pauses"]
    assert (span["from_at"][:16], span["to_at"][:16], span["reason"]) == (
        "2026-06-08T16:30", "2026-06-11T10:00", "保单号",
    )  # fmt: skip
    clock.set("2026-06-11T11:31")
    refused(await world.act(enquiry, "pauses", {"wanted": "x", "told": "phone"}), 409, "promise_passed")


async def test_a_broken_promise_climbs_one_level_after_the_other_each_once(
    world: EnquiryWorld, clock: MovedClock
) -> None:
    clock.set("2026-06-08T09:00")
    await world.appoint(AGENT)
    await world.staff(AGENT, hours=[["08:30", "12:00"], ["13:30", "17:30"]])
    enquiry = await world.asked()
    await world.act(enquiry, "promises", {"told": "phone"})
    clock.set("2026-06-09T08:59")
    assert await world.tick(*TICKS) == 0
    seen = []
    for moment in ("2026-06-09T09:01", "2026-06-10T09:02", "2026-06-11T09:03", "2026-06-12T09:04"):
        clock.set(moment)
        done = [await world.tick(*TICKS), await world.tick(*TICKS)]
        items = await world.items(enquiry)
        seen.append((done, items["escalated_enquiry"]["unit_code"], items["escalated_enquiry"]["position"]))
    assert seen == [
        ([1, 0], "3201", "department_head"), ([1, 0], "32", "department_head"), ([1, 0], "00", "department_head"),
        ([0, 0], "00", "department_head"),
    ]  # fmt: skip
    read = await world.read(enquiry)
    assert (read["status"], read["escalated_to"]) == ("escalated", "00")
    refused(await world.act(enquiry, "promises", {"told": "phone", "reason": "x"}), 409, "state_conflict")
    answer = await world.act(enquiry, "answers", {"text": "抱歉久等，答复如下。", "satisfaction": "dissatisfied"})
    assert answer.json()["enquiry"]["status"] == "closed"
    assert (await world.read(enquiry))["answered_in_time"] is False


async def test_what_nobody_answers_or_promises_is_told_once_and_stays_received(
    world: EnquiryWorld, clock: MovedClock
) -> None:
    clock.set("2026-06-08T09:00")
    enquiry = await world.asked()
    clock.set("2026-06-09T09:01")
    assert [await world.tick(*TICKS), await world.tick(*TICKS)] == [1, 0]
    assert (await world.items(enquiry))["untouched_enquiry"]["unit_code"] == "3201"
    assert (await world.enquiry(enquiry))["status"] == "received"


async def test_an_answered_enquiry_ends_by_itself_when_the_customer_says_no_more(
    world: EnquiryWorld, clock: MovedClock
) -> None:
    clock.set("2026-06-08T09:00")
    enquiry = await world.asked()
    await world.act(enquiry, "answers", {"text": "可以。"})
    clock.set("2026-06-12T09:00")
    assert await world.tick(*TICKS) == 0
    clock.set("2026-06-15T09:01")
    assert await world.tick(*TICKS) == 1
    assert (await world.read(enquiry))["satisfaction"] == "no_reply"


async def test_an_empty_answer_closes_nothing_and_a_second_answer_neither(world: EnquiryWorld) -> None:
    enquiry = await world.asked()
    refused(await world.act(enquiry, "answers", {"text": "  "}), 422, "empty_answer")
    refused(await world.ask(answer={"text": ""}), 422, "empty_answer")
    refused(await world.act(enquiry, "closings", {"satisfaction": "satisfied"}), 409, "state_conflict")
    assert (await world.act(enquiry, "answers", {"text": "可以。"})).status_code == 201
    refused(await world.act(enquiry, "answers", {"text": "可以。"}), 409, "state_conflict")


async def test_only_one_of_two_answers_at_the_same_moment_counts(world: EnquiryWorld) -> None:
    enquiry = await world.asked()
    answers = await asyncio.gather(*(world.act(enquiry, "answers", {"text": f"答复{n}"}, version=1) for n in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 412, 412, 412]
    assert len(await world.rows("enquiry_facts", kind="answer")) == 1
