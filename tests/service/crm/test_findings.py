"""What visits find: told, followed up, and ended once by what grew out of it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.support.crm_world import AGENT, C1, CENTRAL, GOOD, HEAD, SIBLING, SUB, CrmWorld
from tests.support.tokens import actor

BAD = {**GOOD["claim_settlement"], "favours_demanded": "yes", "attitude": "2"}


async def found(world: CrmWorld, claim: Any = None, **stated: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A visit with bad answers, and its findings."""
    visit = await world.visit(claim)
    answer = await world.complete(visit["id"], **({"answers": BAD} | stated))
    assert answer.status_code == 201, answer.text
    return visit, answer.json()["findings"]


async def test_every_bad_answer_and_every_mismatch_is_a_finding_that_is_told(world: CrmWorld) -> None:
    visit, findings = await found(world, mismatches=["phone"])
    assert [(one["source"], one["area"], one["severity"]) for one in findings] == [
        ("attitude", "claims", "low"), ("favours_demanded", "conduct", "high"), ("phone", "customer_data", "medium"),
    ]  # fmt: skip
    told = [one["event"] for one in await world.rows("outbox")]
    raised = [one["data"] for one in told if one["type"] == "crm.finding.raised"]
    assert {one["finding_id"] for one in raised} == {one["id"] for one in findings}
    assert {one["about"] for one in raised} == {visit["about"]["id"]}
    [done] = [one["data"] for one in told if one["type"] == "crm.return_visit.completed"]
    assert (set(done["findings"]), done["score"]) == ({one["id"] for one in findings}, 81)
    items = [one for one in await world.rows("work_items") if one["kind"] == "finding"]
    assert {(one["unit_code"], one["position"]) for one in items} == {
        ("3201", "department_head"), ("320102", "service_agent"),
    }  # fmt: skip
    assert all(one["due_at"] for one in items)
    assert {one["priority"] for one in items} == {"normal", "high"}
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert read["status"] == "routed"


async def test_a_finding_is_followed_up_step_by_step_and_the_last_one_ends_the_visit(world: CrmWorld) -> None:
    _, findings = await found(world)
    first, second = (one["id"] for one in findings)
    assert (await world.follow_up(first, fixed=False)).json()["finding"]["status"] == "open"
    assert (await world.follow_up(first)).json()["finding"] == {"id": first, "version": 3, "status": "fixed"}
    assert (await world.rows("return_visits"))[0]["status"] == "routed"
    again = await world.follow_up(first)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    await world.follow_up(second)
    assert (await world.rows("return_visits"))[0]["status"] == "followed_up"
    read = (await world.service.get(AGENT, f"/v1/findings/{first}")).json()
    assert [one["fixed"] for one in read["follow_ups"]] == [False, True]
    assert all(one["closed_at"] for one in await world.rows("work_items"))


async def test_two_follow_ups_at_once_leave_one(world: CrmWorld) -> None:
    _, findings = await found(world)
    path = f"/v1/findings/{findings[0]['id']}/follow-ups"
    said = {"action": "explained", "text": "已说明", "fixed": True}
    answers = await asyncio.gather(*(world.service.post(HEAD, path, said, version=1) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 412, 412]
    assert len(await world.rows("follow_ups")) == 1


@pytest.mark.parametrize("origin", ["finding", "visit"])
async def test_a_complaint_that_grew_out_of_it_ends_it_once(world: CrmWorld, origin: str) -> None:
    visit, findings = await found(world)
    source = {"finding": findings[1]["id"], "visit": visit["id"]}[origin]
    first, second = uuid4(), uuid4()
    for complaint in (first, second):
        await world.hear("complaints.complaint.registered.v1", complaint, {
            "complaint_id": str(complaint), "customer_id": str(C1), "channel": "return_visit", "cause": "conduct",
            "due_on": "2026-12-09", "due_legal_on": "2026-12-09", "origin": {"kind": origin, "id": source},
        })  # fmt: skip
    ended = [one for one in await world.rows("findings") if one["status"] == "fixed"]
    assert len(ended) == {"finding": 1, "visit": 2}[origin]
    assert {(one["led_to_kind"], one["led_to_id"]) for one in ended} == {("complaint", first)}
    read = (await world.service.get(AGENT, f"/v1/findings/{findings[1]['id']}")).json()
    assert read["led_to"] == {"kind": "complaint", "id": str(first)}


async def test_a_claim_or_an_application_ends_its_origin_too_and_a_foreign_origin_is_nobodys(world: CrmWorld) -> None:
    _, findings = await found(world)
    origins = [{"kind": "finding", "id": one["id"]} for one in findings]
    await world.take(world.reported(uuid4(), origin=origins[0]))
    application = uuid4()
    opened = {"application_id": str(application), "kind": "proposal", "product": "p", "line": "liability"}
    rest = {"customer_id": str(C1), "unit_code": "320102", "origin": origins[1]}
    await world.hear("policy.application.opened.v1", application, opened | rest)
    await world.take(world.reported(uuid4(), origin={"kind": "enquiry", "id": str(uuid4())}))
    await world.take(world.reported(uuid4(), origin={"kind": "finding", "id": str(uuid4())}))
    assert {one["led_to_kind"] for one in await world.rows("findings")} == {"claim", "application"}


async def test_the_seller_does_not_deal_with_the_suspicion_and_the_closed_case_ends_it(world: CrmWorld) -> None:
    policy = uuid4()
    await world.take(world.issued(policy))
    [row] = await world.rows("return_visits")
    answers = {**GOOD["underwriting"], "exclusions_clear": "no"}
    done = await world.complete(row["id"], answers=answers)
    [finding] = done.json()["findings"]
    assert (finding["area"], finding["severity"]) == ("mis_selling", "high")
    seller = actor("department_head", CENTRAL, name="seller")
    refused = await world.follow_up(finding["id"], who=seller)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    case = uuid4()
    opened = {"case_id": str(case), "policy_id": str(policy), "due_on": "2026-12-15"}
    await world.hear("complaints.mis_selling_case.opened.v1", case, opened)
    closed = {"case_id": str(case), "outcome": "verified", "action": "retrained"}
    await world.hear("complaints.mis_selling_case.closed.v1", case, closed)
    [row] = await world.rows("findings")
    assert (row["status"], row["led_to_kind"], row["led_to_id"]) == ("fixed", "mis_selling_case", case)
    assert (await world.rows("return_visits"))[0]["status"] == "followed_up"


async def test_a_sibling_sees_no_finding_and_lists_filter(world: CrmWorld) -> None:
    visit, findings = await found(world)
    path = f"/v1/findings/{findings[0]['id']}"
    assert (await world.service.get(SIBLING, path)).status_code == 404
    hidden = await world.service.post(
        SIBLING, f"{path}/follow-ups", {"action": "other", "text": "x", "fixed": True}, version=1
    )
    assert hidden.status_code == 404
    for query, count in {
        "status=open": 2, "area=conduct": 1, "severity=high": 1, f"visit_id={visit['id']}": 2, f"customer_id={C1}": 2,
        "unit_code=320104": 0, "claim_no=nothing": 0, f"about_id={visit['about']['id']}": 2,
    }.items():  # fmt: skip
        listed = await world.service.get(AGENT, f"/v1/findings?{query}")
        assert len(listed.json()["items"]) == count, query
    assert (await world.service.get(SIBLING, "/v1/findings")).json()["items"] == []


async def test_a_refused_follow_up_leaves_one_entry_and_nothing_else(world: CrmWorld) -> None:
    _, findings = await found(world)
    before = [await world.rows(table) for table in ("findings", "outbox", "follow_ups")]
    entries = len(await world.rows("audit_entries"))
    refused = await world.follow_up(findings[0]["id"], who=actor("sales_agent", SUB))
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    assert [await world.rows(table) for table in ("findings", "outbox", "follow_ups")] == before
    assert len(await world.rows("audit_entries")) == entries + 1


# ------------------------------------------------------------------------- state × position × action of visits

STATES = ("planned", "attempted", "alt_mode", "completed", "unreachable", "routed", "followed_up", "cancelled")
POSITIONS = {
    "agent": AGENT,
    "agent above": actor("service_agent", CENTRAL),
    "adjuster of the claim": actor("service_agent", SUB, name="handled it"),
    "head": HEAD,
    "complaint officer": actor("complaint_officer", "00.32"),
    "auditor": actor("auditor", "00"),
}


async def in_state(world: CrmWorld, state: str) -> dict[str, Any]:
    claim = uuid4()
    visit = await world.visit(claim)
    own = visit["id"]
    data = {"claim_id": str(claim), "duty": "adjuster", "person_id": str(POSITIONS["adjuster of the claim"].person_id)}
    await world.hear("claims.duty.taken.v1", claim, data)
    if state in ("attempted", "alt_mode", "unreachable"):
        await world.attempt(own)
    if state in ("alt_mode", "unreachable"):
        await world.attempt(own, mode="letter")
    if state == "unreachable":
        await world.attempt(own, result="unreachable")
    if state in ("completed", "routed", "followed_up"):
        await world.complete(own, answers=GOOD["claim_settlement"] if state == "completed" else BAD)
    if state == "followed_up":
        for one in await world.rows("findings"):
            await world.follow_up(one["id"])
    if state == "cancelled":
        await world.take(world.of_claim("reopened", claim, version=30, reason_code="new_evidence"))
    return visit


@pytest.mark.parametrize("state", STATES)
async def test_what_a_visit_says_may_be_done_is_what_happens(world: CrmWorld, state: str) -> None:
    visit = await in_state(world, state)
    for name, who in POSITIONS.items():
        read = (await world.service.get(who, f"/v1/return-visits/{visit['id']}")).json()
        assert read["status"] == state
        bodies = {"attempt": {"mode": "phone"}, "complete": {
            "mode": "phone", "recording_ref": "R", "answers": GOOD["claim_settlement"],
        }}  # fmt: skip
        assert {one["action"] for one in read["available_actions"]} == set(bodies)
        for one in read["available_actions"]:
            answer = await world.service.post(
                who, one["href"] + "?dry_run=true", bodies[one["action"]], version=read["version"]
            )
            reason = None if answer.status_code == 200 else answer.json()["code"]
            assert reason == (one["reason"] or {}).get("code"), (state, name, one["action"], answer.text)
            expected = state in ("planned", "attempted", "alt_mode") and name in ("agent", "agent above")
            assert one["allowed"] == expected, (state, name, one["action"])
