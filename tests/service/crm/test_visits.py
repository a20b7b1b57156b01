"""Return visits: planned once, attempted, completed by somebody who did not do the work, overdue told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.crm.customer.tables import Customer
from services.crm.visit.handlers import TICKS
from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.ticks import run_once
from tests.support.crm_world import AGENT, C1, CENTRAL, GOOD, HEAD, SIBLING, SUB, CrmWorld, body
from tests.support.tokens import actor, person

MASKED = {
    "id": str(C1), "name": "岚海****公司", "id_no": "913***********0000", "mobile": "025****0001",
    "masked": ["name", "id_no", "mobile"],
}  # fmt: skip
SEAL = {**GOOD["claim_settlement"], "favours_demanded": "yes", "attitude": "2"}


async def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


async def test_a_settlement_plans_a_visit_in_five_working_days_over_the_may_break(world: CrmWorld) -> None:
    claim = uuid4()
    await world.put(**body())
    await world.take(world.reported(claim), world.settled(claim))
    [row] = await world.rows("return_visits")
    path = f"/v1/return-visits/{row['id']}?fields=status,due,customer"
    answer = await world.service.get(AGENT, path)
    assert answer.headers["etag"] == '"1"'
    assert answer.json() == {
        "id": str(row["id"]), "version": 1, "status": "planned",
        "due": {
            "id": "DL-RV-1", "basis": "5 working days after the payment of the claim", "due_on": "2026-04-30",
            "due_legal_on": "2026-04-30", "due_at": "2026-05-01T00:00:00+08:00", "pauses": [], "provisional": False,
        },
        "customer": MASKED,
    }  # fmt: skip
    [item] = await world.rows("work_items")
    assert (item["position"], item["unit_code"], item["basis"]) == ("service_agent", "320102", "DL-RV-1")
    assert item["record_number"] == "C2026-32-000001"
    await world.take(world.settled(uuid4(), settled_at="2026-04-28T10:00:00+08:00"))
    assert {str(one["due_on"]) for one in await world.rows("return_visits")} == {"2026-04-30", "2026-05-08"}


@pytest.mark.parametrize(("outcome", "planned"), [("refused", 1), ("zero", 1), ("partial", 1), ("withdrawn", 0)])
async def test_refused_and_zero_claims_are_visited_too(world: CrmWorld, outcome: str, planned: int) -> None:
    await world.take(world.settled(uuid4(), outcome=outcome))
    assert len(await world.rows("return_visits")) == planned


async def test_a_reopened_claim_takes_its_visit_back_and_a_new_settlement_plans_another(world: CrmWorld) -> None:
    claim = uuid4()
    visit = await world.visit(claim)
    await world.attempt(visit["id"])
    await world.take(world.of_claim("reopened", claim, version=11, reason_code="new_evidence"))
    [row] = await world.rows("return_visits")
    assert (row["status"], row["cancelled_by"]) == ("cancelled", "claims.claim.reopened")
    assert all(one["closed_at"] is not None for one in await world.rows("work_items"))
    await refused(await world.attempt(visit["id"]), 409, "state_conflict")
    await world.take(world.settled(claim, version=20))
    assert sorted(one["status"] for one in await world.rows("return_visits")) == ["cancelled", "planned"]


async def test_a_visit_that_was_made_stays_when_the_claim_is_reopened(world: CrmWorld) -> None:
    claim = uuid4()
    visit = await world.visit(claim)
    assert (await world.complete(visit["id"])).status_code == 201
    await world.take(world.of_claim("reopened", claim, version=11, reason_code="new_evidence"))
    assert [one["status"] for one in await world.rows("return_visits")] == ["completed"]


async def test_a_new_individual_accident_policy_is_visited_within_thirty_days_an_old_one_not(world: CrmWorld) -> None:
    today = process_now().date()
    fresh, old = uuid4(), uuid4()
    await world.take(world.issued(fresh), world.issued(old, issued_on=(today - timedelta(days=31)).isoformat()))
    [row] = await world.rows("return_visits")
    assert (row["about_id"], row["kind"], row["due_on"]) == (fresh, "underwriting", today + timedelta(days=30))
    assert row["due"]["id"] == "DL-RV-2"


async def test_a_fifth_of_the_other_policies_is_drawn_and_all_of_a_key_account(world: CrmWorld) -> None:
    ids = [UUID(int=n) for n in range(1, 61)]
    group = {"line": "liability", "business": "group"}
    await world.take(*(world.issued(policy_id, **group) for policy_id in ids))
    drawn = {row["about_id"] for row in await world.rows("return_visits")}
    assert 2 <= len(drawn) <= 26
    key = uuid4()
    async with world.service.db.transaction(machine("crm")) as tx:
        tx.add(Customer(id=key, version=1, org_path=SUB, known=True, unit_code="320102", key_account_tier="a"))
    await world.take(*(world.issued(uuid4(), key, **group) for _ in range(8)))
    assert len(await world.rows("return_visits", customer_id=key)) == 8


async def test_a_complaint_is_visited_after_the_decision_was_told_and_not_when_withdrawn(world: CrmWorld) -> None:
    told, gone = uuid4(), uuid4()
    for complaint in (told, gone):
        data = {"complaint_id": str(complaint), "customer_id": str(C1), "channel": "phone", "cause": "delay"}
        await world.hear("complaints.complaint.notified.v1", complaint, {
            "complaint_id": str(complaint), "notified_at": "2026-05-22T10:00:00+08:00",
        }, version=5)  # fmt: skip
        await world.hear("complaints.complaint.registered.v1", complaint, data, version=1)
    assert {str(one["due_on"]) for one in await world.rows("return_visits")} == {"2026-05-29"}
    await world.hear("complaints.complaint.withdrawn.v1", gone, {"complaint_id": str(gone)}, version=6)
    assert {one["about_id"]: one["status"] for one in await world.rows("return_visits")} == {
        told: "planned", gone: "cancelled",
    }  # fmt: skip


async def test_attempts_change_the_mode_and_only_the_third_may_give_up(world: CrmWorld) -> None:
    visit = await world.visit()
    early = await world.attempt(visit["id"], result="unreachable")
    assert await refused(early, 409, "too_few_attempts") | {"attempts": 1, "needed": 3} == early.json()
    assert (await world.attempt(visit["id"])).json()["return_visit"]["status"] == "attempted"
    assert (await world.attempt(visit["id"], mode="letter", result="sent")).json()["return_visit"][
        "status"
    ] == "alt_mode"
    given_up = await world.attempt(visit["id"], result="unreachable")
    assert (given_up.status_code, given_up.json()["return_visit"]) == (
        201, {"id": visit["id"], "version": 4, "status": "unreachable"},
    )  # fmt: skip
    await refused(await world.attempt(visit["id"]), 409, "state_conflict")
    await refused(await world.complete(visit["id"]), 409, "state_conflict")
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert [one["mode"] for one in read["attempts"]] == ["phone", "letter", "phone"]


async def test_a_good_visit_is_completed_scored_and_told(world: CrmWorld) -> None:
    visit = await world.visit()
    answer = await world.complete(visit["id"])
    assert (answer.status_code, answer.json()["score"], answer.json()["findings"]) == (201, 100, [])
    [event] = [one["event"] for one in await world.rows("outbox")]
    assert event["type"] == "crm.return_visit.completed"
    assert {name: event["data"][name] for name in ("kind", "score", "findings")} == {
        "kind": "claim_settlement", "score": 100, "findings": [],
    }  # fmt: skip
    assert "crm.return_visit.completed" in {one["kind"] for one in await world.timeline()}
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert (read["status"], read["answers"]) == ("completed", GOOD["claim_settlement"])
    await refused(await world.complete(visit["id"]), 409, "state_conflict")


async def test_what_is_no_whole_answer_is_refused_and_changes_nothing(world: CrmWorld) -> None:
    visit = await world.visit()
    before = [await world.rows(table) for table in ("return_visits", "outbox", "audit_entries")]
    await refused(await world.complete(visit["id"], recording_ref=None), 422, "recording_required")
    told = await refused(await world.complete(visit["id"], answers={"attitude": "6"}), 422, "validation_failed")
    assert {one["pointer"] for one in told["errors"]} >= {"#/answers/attitude", "#/answers/survey_prompt"}
    late = rfc3339(process_now() - timedelta(hours=2))
    await refused(await world.complete(visit["id"], occurred_at=late), 422, "reason_required")
    future = rfc3339(process_now() + timedelta(minutes=1))
    await refused(await world.attempt(visit["id"], occurred_at=future), 422, "occurred_in_future")
    assert [await world.rows(table) for table in ("return_visits", "outbox", "audit_entries")] == before
    assert (await world.complete(visit["id"], mode="letter", recording_ref=None)).status_code == 201


@pytest.mark.parametrize("duty", ["surveyor", "adjuster", "approver"])
async def test_whoever_handled_the_claim_does_not_ask_about_it(world: CrmWorld, duty: str) -> None:
    claim = uuid4()
    visit = await world.visit(claim)
    data = {"claim_id": str(claim), "duty": duty, "person_id": str(AGENT.person_id)}
    await world.hear("claims.duty.taken.v1", claim, data)
    for answer in (await world.attempt(visit["id"]), await world.complete(visit["id"])):
        assert (await refused(answer, 403, "separation_of_duties"))["conflicting_duty"] == duty
    delegate = actor("service_agent", SUB, name="delegate", on_behalf_of=AGENT.person_id)
    await refused(await world.complete(visit["id"], who=delegate), 403, "separation_of_duties")
    colleague = actor("service_agent", SUB, name="colleague")
    assert (await world.complete(visit["id"], who=colleague)).status_code == 201


async def test_the_seller_asks_neither_about_the_policy_nor_about_its_claim(world: CrmWorld) -> None:
    policy, claim = uuid4(), uuid4()
    seller = actor("service_agent", SUB, name="seller")
    assert seller.person_id == person("seller")
    await world.take(world.settled(claim, policy_id=str(policy)), world.issued(policy))
    for row in await world.rows("return_visits"):
        answer = await world.attempt(row["id"], who=seller)
        assert (await refused(answer, 403, "separation_of_duties"))["conflicting_duty"] == "seller"
    assert len(await world.rows("return_visits")) == 2


async def test_two_completions_at_once_leave_one(world: CrmWorld) -> None:
    visit = await world.visit()
    answers = await asyncio.gather(*(world.complete(visit["id"], version=1, answers=SEAL) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 412, 412]
    assert len(await world.rows("findings")) == 2
    assert (await world.subjects()).count("crm.return_visit.completed.v1") == 1


async def test_a_visit_needs_its_version_and_a_dry_run_stores_nothing(world: CrmWorld) -> None:
    visit = await world.visit()
    path = f"/v1/return-visits/{visit['id']}/attempts"
    await refused(await world.service.post(AGENT, path, {"mode": "phone"}), 428, "if_match_missing")
    dry = await world.service.post(AGENT, path + "?dry_run=true", {"mode": "phone"}, version=1)
    assert (dry.status_code, dry.json()["return_visit"]["status"]) == (200, "attempted")
    assert [one["status"] for one in await world.rows("return_visits")] == ["planned"]
    await refused(await world.service.post(AGENT, path, {"mode": "fax"}, version=1), 422, "validation_failed")


async def test_a_visit_not_made_in_time_climbs_and_is_a_finding_once(
    world: CrmWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await world.visit()
    assert await run_once(world.service.db, TICKS[0]) == 0
    clock = tmp_path / "clock"
    clock.write_text(str(timedelta(days=20).total_seconds()), encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(clock))
    await asyncio.gather(*(run_once(world.service.db, TICKS[0]) for _ in range(3)))
    read = (await world.service.get(AGENT, f"/v1/return-visits/{visit['id']}")).json()
    assert (read["due"]["escalated_to"], read["due"]["breached_at"]) == ("3201", read["due"]["due_at"])
    [finding] = await world.rows("findings")
    assert (finding["source"], finding["area"], finding["severity"]) == ("DL-RV-1", "crm", "medium")
    assert await world.subjects() == ["crm.finding.raised.v1"]
    assert {one["kind"] for one in await world.rows("work_items")} == {"return_visit", "finding", "escalated_visit"}
    assert (await world.complete(visit["id"])).status_code == 201
    assert await run_once(world.service.db, TICKS[0]) == 0


async def test_lists_filter_by_what_a_visit_has(world: CrmWorld) -> None:
    policy, claim = uuid4(), uuid4()
    await world.take(world.reported(claim, policy_id=str(policy)), world.settled(claim), world.issued(policy))
    soon = rfc3339(process_now() + timedelta(days=1)).replace("+", "%2B")
    for query, count in {
        "status=planned": 2, "status=completed": 0, "kind=underwriting": 1, f"customer_id={C1}": 2,
        "claim_no=C2026-32-000001": 1, "policy_no=PPA-1": 2, f"due_before={soon}": 1, "unit_code=320102": 2,
        "unit_code=320104": 0, f"assignee_person_id={AGENT.person_id}": 0,
    }.items():  # fmt: skip
        found = await world.service.get(AGENT, f"/v1/return-visits?{query}")
        assert (found.status_code, len(found.json()["items"])) == (200, count), query
    assert (await world.service.get(SIBLING, "/v1/return-visits")).json()["items"] == []
    assert (await world.service.get(AGENT, "/v1/return-visits?due_before=x")).json()["code"] == "invalid_parameter"


async def test_the_plain_number_of_whom_to_ask_comes_from_an_audited_reveal(world: CrmWorld) -> None:
    await world.put(**body())
    visit = await world.visit()
    path = f"/v1/return-visits/{visit['id']}/reveals"
    shown = await world.service.post(AGENT, path, {"field": "mobile", "purpose": "return_visit"})
    assert (shown.status_code, shown.json()["value"]) == (201, "02500000001")
    assert {one["action"] for one in await world.rows("audit_entries")} == {"register", "plan", "reveal"}
    await refused(
        await world.service.post(HEAD, path, {"field": "mobile", "purpose": "curious"}), 403, "action_not_permitted"
    )
    assert (await world.service.get(actor("service_agent", CENTRAL), f"/v1/return-visits/{visit['id']}")).json()[
        "customer"
    ] == MASKED
