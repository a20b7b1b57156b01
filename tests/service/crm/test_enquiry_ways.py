"""Enquiries on their way: whose they are, passed on seldom, converted and never lost, seen by nobody beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

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


async def test_a_query_about_a_policy_needs_the_identity_of_its_holder(world: EnquiryWorld) -> None:
    await world.insured()
    asked: dict[str, Any] = {"kind": "query", "policy_no": "PPA-1"}
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
