"""Enquiries: taken in by anybody, answered or promised, handed on seldom, never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.crm.climbing.handlers import TICKS
from shared.clock import process_now, rfc3339
from tests.support.claim_life import MovedClock
from tests.support.crm_world import C1
from tests.support.enquiry_world import (
    AGENT,
    BRANCH_AGENT,
    CENTRAL_AGENT,
    FOREIGN,
    HEAD,
    OTHER,
    SIBLING,
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


async def test_a_query_about_a_policy_needs_the_identity_of_its_holder(world: EnquiryWorld) -> None:
    await world.insured()
    asked = {"kind": "query", "policy_no": "PPA-1"}
    wrong = {"id_no": "110105194912310021"}
    for identity in (None, {}, wrong, {"id_no": "91320100MA00000000", "phone": "13912345678"}):
        refused(await world.ask(**asked, identity=identity), 422, "identity_check_failed")
    unknown = await world.ask(kind="query", policy_no="PPA-9", identity={"phone": "02500000001"})
    refused(unknown, 422, "identity_check_failed")
    for identity in ({"id_no": "91320100ma00000000"}, {"phone": "025-00000001"}, {"phone": "13800009999"}):
        answer = await world.ask(**asked, identity=identity)
        assert (answer.status_code, answer.json()["policy_match"]) == (201, "matched"), (identity, answer.text)
    assert (await world.rows("enquiries"))[0]["customer_id"] == C1
    assert "crm.enquiry.received" in {one["kind"] for one in await world.timeline()}


async def test_an_unknown_policy_is_taken_in_all_the_same(world: EnquiryWorld) -> None:
    answer = await world.ask(policy_no="NO-SUCH")
    assert (answer.status_code, answer.json()["policy_match"]) == (201, "unmatched")


async def test_an_enquiry_goes_to_the_unit_of_its_policy_and_its_taker_stays_the_owner(world: EnquiryWorld) -> None:
    await world.desks()
    await world.insured()
    answer = await world.ask(SIBLING, policy_no="PPA-1")
    assert (answer.status_code, set(answer.json())) == (201, {"id", "enquiry_no", "unit_code"}), answer.text
    enquiry = answer.json()["id"]
    row = await world.enquiry(enquiry)
    assert (row["org_path"], row["owner_id"], row["handler_id"]) == (
        AGENT.scope, SIBLING.person_id, AGENT.person_id,
    )  # fmt: skip
    assert (await world.items(enquiry))["own_enquiry"]["person_id"] == SIBLING.person_id
    assert (await world.read(enquiry, SIBLING))["status"] == "received"
    assert (await world.service.get(SIBLING, "/v1/enquiries")).json()["items"] == []
    await world.act(enquiry, "answers", {"text": "可以。", "satisfaction": "satisfied"})
    assert (await world.service.get(SIBLING, f"/v1/enquiries/{enquiry}")).status_code == 404


async def test_a_transfer_has_a_reason_keeps_the_owner_and_needs_the_branch_the_third_time(world: EnquiryWorld) -> None:
    await world.desks()
    await world.appoint(BRANCH_AGENT)
    enquiry = await world.asked()
    there = {"to_unit_code": "320104", "reason": "客户所属机构"}
    refused(await world.act(enquiry, "transfers", {"to_unit_code": "320104"}), 422, "transfer_without_reason")
    refused(await world.act(enquiry, "transfers", {**there, "to_unit_code": "320106"}), 422, "unit_without_desk")
    refused(await world.act(enquiry, "transfers", {**there, "to_unit_code": "00"}), 422, "transfer_outside_branch")
    refused(await world.act(enquiry, "transfers", {**there, "to_unit_code": "999999"}), 422, "reference_not_found")
    refused(await world.act(enquiry, "transfers", {**there, "to_unit_code": "320102"}), 409, "already_there")
    assert (await world.act(enquiry, "transfers", there)).status_code == 201
    row = await world.enquiry(enquiry)
    assert (row["unit_code"], row["handler_id"], row["owner_id"]) == ("320104", SIBLING.person_id, AGENT.person_id)
    assert (await world.items(enquiry))["own_enquiry"]["org_path"] == SIBLING.scope
    assert (await world.read(enquiry))["transfer_count"] == 1, "its owner still sees it through his task"
    back = {"to_unit_code": "320102", "to_staff_no": OTHER.staff_no, "reason": "退回原机构"}
    assert (await world.act(enquiry, "transfers", back, SIBLING)).status_code == 201
    more = refused(await world.act(enquiry, "transfers", there), 409, "transfer_needs_consent")
    assert (more["transfers"], more["allowed"]) == (2, 2)
    assert (await world.act(enquiry, "transfers", there, BRANCH_AGENT)).status_code == 201
    read = await world.read(enquiry, CENTRAL_AGENT)
    assert [one["kind"] for one in read["facts"]] == ["register", "transfer", "transfer", "transfer"]


async def test_another_branch_sees_nothing_of_it(world: EnquiryWorld) -> None:
    enquiry = await world.asked()
    for below, body in (("answers", {"text": "x"}), ("transfers", {"to_unit_code": "320104", "reason": "x"})):
        assert (await world.act(enquiry, below, body, FOREIGN)).status_code == 404
    assert (await world.service.get(FOREIGN, f"/v1/enquiries/{enquiry}")).status_code == 404


CONVERSIONS = [
    ("claim", "claim", "/v1/claims", "claims.claim.reported.v1", {"reported_at": "2026-04-18T02:40:00+08:00"}),
    ("apply", "application", "/v1/applications", "policy.application.opened.v1",
     {"kind": "proposal", "product": "public_liability", "line": "liability"}),
    ("consult", "complaint", "/v1/complaints", "complaints.complaint.registered.v1",
     {"channel": "phone", "cause": "delay"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "to", "href", "subject", "data"), CONVERSIONS, ids=lambda one: str(one)[:12])
async def test_the_first_event_of_the_new_record_closes_the_enquiry(
    world: EnquiryWorld, kind: str, to: str, href: str, subject: str, data: dict[str, Any]
) -> None:
    enquiry = await world.asked(kind=kind)
    done = await world.act(enquiry, "conversions", {"to": to})
    assert done.status_code == 201, done.text
    create = done.json()["told"]["create"]
    assert (create["href"], create["body"]["origin"]) == (href, {"kind": "enquiry", "id": enquiry})
    assert (await world.enquiry(enquiry))["status"] == "received", "the customer is still waiting"
    first = await world.origin_event(subject, enquiry, **data)
    await world.origin_event(subject, enquiry, **data)
    read = await world.read(enquiry)
    assert (read["status"], read["led_to"]) == ("closed", {"kind": to, "id": str(first)})
    assert await world.items(enquiry) == {}
    refused(await world.act(enquiry, "conversions", {"to": to}), 409, "state_conflict")


async def test_a_wish_to_insure_becomes_no_claim(world: EnquiryWorld) -> None:
    for kind, to in (("apply", "claim"), ("claim", "application")):
        enquiry = await world.asked(kind=kind)
        refused(await world.act(enquiry, "conversions", {"to": to}), 422, "conversion_not_possible")


async def test_a_reveal_shows_the_phone_with_a_purpose_and_leaves_an_entry(world: EnquiryWorld) -> None:
    enquiry = await world.asked()
    path = f"/v1/enquiries/{enquiry}/reveals"
    shown = await world.service.post(AGENT, path, {"field": "asker.phone", "purpose": "回电答复"})
    assert (shown.status_code, shown.json()["value"]) == (201, "13800001234")
    assert [one["object_id"] for one in await world.rows("audit_entries", action="reveal")] == [UUID(enquiry)]


async def test_a_note_is_kept_and_asks_whoever_it_mentions(world: EnquiryWorld) -> None:
    await world.desks()
    enquiry = await world.asked()
    path = f"/v1/enquiries/{enquiry}/notes"
    done = await world.service.post(AGENT, path, {"text": "请看附件", "mentions": [OTHER.staff_no]})
    assert (done.status_code, done.json()["enquiry"]["version"]) == (201, 1), done.text
    assert (await world.items(enquiry))["read_note"]["person_id"] == OTHER.person_id
    outside = await world.service.post(AGENT, path, {"text": "x", "mentions": [SIBLING.staff_no]})
    assert refused(outside, 422, "validation_failed")["errors"][0]["code"] == "mention_not_possible"


async def test_work_given_to_a_colleague_makes_him_the_handler(world: EnquiryWorld) -> None:
    await world.desks()
    enquiry = await world.asked()
    item = (await world.items(enquiry))["answer_enquiry"]["id"]
    given = {"items": [str(item)], "to_person_id": str(OTHER.person_id), "reason": "休假"}
    answer = await world.service.post(HEAD, "/internal/work-items/reassignments", given)
    assert answer.json()["results"][0]["status"] == 200, answer.text
    assert (await world.enquiry(enquiry))["handler_id"] == OTHER.person_id
