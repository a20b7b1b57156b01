"""Plans that follow policies, due days told once, visits with reports and hazards."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.risk.due.handlers import DUE
from services.risk.exposure.tables import Base
from shared.clock import legal_day, process_now, rfc3339
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.risk_world import (
    CUSTOMER_SIGNS,
    ELSEWHERE,
    ENDORSED,
    ENGINEER,
    HAZARD,
    INSPECTOR_SIGNS,
    ISSUED,
    SECTIONS,
    claim,
    event,
    hear,
    policy,
)
from tests.support.services import ServiceUnderTest

TODAY = legal_day(process_now())
INSPECTIONS = Base.metadata.tables["inspections"]


async def stages(risk: ServiceUnderTest) -> list[str]:
    events = [one["event"] for one in await risk.rows(kernel.tables["outbox"], subject="risk.inspection.due.v1")]
    return [one["data"]["stage"] for one in events]


async def test_a_policy_is_planned_by_its_risk_level(risk: ServiceUnderTest) -> None:
    told = policy(TODAY, risk_level="high")
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    plans = (await risk.get(ENGINEER, "/v1/inspection-plans")).json()["items"]
    assert (plans[0]["cycle_months"], len(plans[0]["due_dates"])) == (3, 3)
    visits = (await risk.get(ENGINEER, "/v1/inspections")).json()["items"]
    assert [one["due_on"] for one in visits] == plans[0]["due_dates"]
    assert {one["status"] for one in visits} == {"planned"}
    assert (await risk.get(ELSEWHERE, "/v1/inspections")).json()["items"] == []


async def test_imported_history_is_planned_from_today_on(risk: ServiceUnderTest) -> None:
    told = policy(TODAY - timedelta(days=300), risk_level="low")
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    [visit] = await risk.rows(INSPECTIONS)
    assert visit["due_on"] >= TODAY


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_the_newest_version_decides_the_plan_in_any_order(risk: ServiceUnderTest, order: tuple[int, ...]) -> None:
    first = policy(TODAY, risk_level="low")
    levels = {1: "low", 2: "high", 3: "medium"}
    for n in order:
        version = first | {"policy_version": n, "risk_level": levels[n]}
        await hear(risk, event(ISSUED if n == order[0] else ENDORSED, UUID(first["policy_id"]), version, n))
    [plan] = await risk.rows(Base.metadata.tables["inspection_plans"])
    assert (plan["risk_level"], plan["policy_version"]) == ("medium", 3)
    alive = [one["due_on"].isoformat() for one in await risk.rows(INSPECTIONS) if one["status"] == "planned"]
    assert sorted(alive) == sorted(plan["due_dates"])


async def test_the_end_of_cover_ends_the_visits(risk: ServiceUnderTest) -> None:
    told = policy(TODAY, risk_level="high")
    record = UUID(told["policy_id"])
    ended = {
        "policy_id": told["policy_id"], "effective_on": TODAY.isoformat(), "effective_at": rfc3339(process_now()),
        "kind": "cancel", "refund_amount": "0.00",
    }  # fmt: skip
    await hear(risk, event(ISSUED, record, told), event("policy.policy.cancelled.v1", record, ended, 2))
    assert {one["status"] for one in await risk.rows(INSPECTIONS)} == {"cancelled"}


async def test_a_due_day_is_told_once_by_two_schedulers_at_once(risk: ServiceUnderTest) -> None:
    told = policy(TODAY - timedelta(days=360), risk_level="low")
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    await asyncio.gather(run_once(risk.db, DUE), run_once(risk.db, DUE))
    assert await stages(risk) == ["t_15"]
    assert await run_once(risk.db, DUE) == 0


async def test_after_a_standstill_every_stage_is_made_up_once(risk: ServiceUnderTest, moved_clock: Any) -> None:
    told = policy(TODAY, risk_level="low")
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    moved_clock(timedelta(days=370))
    await run_once(risk.db, DUE)
    await run_once(risk.db, DUE)
    assert await stages(risk) == ["t_15", "t_0", "overdue"]
    [visit] = await risk.rows(INSPECTIONS)
    assert visit["status"] == "overdue"
    due = [one["event"]["data"]["due_on"] for one in await risk.rows(kernel.tables["outbox"])]
    assert set(due) == {visit["due_on"].isoformat()}


async def scheduled(risk: ServiceUnderTest) -> dict[str, Any]:
    told = policy(TODAY)
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    visit = (await risk.get(ENGINEER, "/v1/inspections")).json()["items"][0]
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    answer = await risk.post(ENGINEER, f"/v1/inspections/{visit['id']}/schedules", body, version=visit["version"])
    assert answer.status_code == 201, answer.text
    return answer.json()["inspection"] | {"customer_id": visit["customer_id"], "policy_id": visit["policy_id"]}


def report(**changes: Any) -> dict[str, Any]:
    return {"inspected_at": rfc3339(process_now()), "risk_level": "medium", "sections": SECTIONS} | changes


async def test_a_report_needs_all_eight_sections(risk: ServiceUnderTest) -> None:
    visit = await scheduled(risk)
    part = {name: one for name, one in SECTIONS.items() if name not in ("hazards", "address")}
    path = f"/v1/inspections/{visit['id']}/reports"
    refused = await risk.post(ENGINEER, path, report(sections=part), version=visit["version"])
    assert refused.status_code == 422
    assert {one["pointer"] for one in refused.json()["errors"]} == {"#/sections/hazards", "#/sections/address"}
    assert {one["code"] for one in refused.json()["errors"]} == {"section_missing"}
    future = await risk.post(
        ENGINEER, path, report(inspected_at=rfc3339(process_now() + timedelta(days=1))), version=visit["version"]
    )
    assert (future.status_code, future.json()["code"]) == (422, "occurred_in_future")
    assert (await risk.rows(INSPECTIONS, id=UUID(visit["id"])))[0]["status"] == "scheduled"


async def test_from_the_hazard_to_the_closed_visit(risk: ServiceUnderTest) -> None:
    visit = await scheduled(risk)
    path = f"/v1/inspections/{visit['id']}"
    hazard = HAZARD | {"comment": "含相邻车间"}
    first = await risk.call(ENGINEER, "PUT", f"{path}/hazards/h-1", hazard)
    again = await risk.call(ENGINEER, "PUT", f"{path}/hazards/h-1", hazard)
    assert first.status_code == 200, first.text
    assert (first.json()["class"], first.json()["score"]) == ("high", "270")
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["version"] == 1
    version = (await risk.get(ENGINEER, path)).json()["version"]
    told = await risk.post(ENGINEER, f"{path}/reports", report(), version=version)
    assert told.status_code == 201, told.text
    version = told.json()["inspection"]["version"]
    for body in ({"role": "leader", "text": "同意整改"}, {"role": "safety_head", "declined_reason": "出差"}):
        answer = await risk.post(ENGINEER, f"{path}/feedback", body, version=version)
        assert answer.status_code == 201, answer.text
        version = answer.json()["inspection"]["version"]
    assert answer.json()["inspection"]["status"] == "reported"
    for body in (INSPECTOR_SIGNS, CUSTOMER_SIGNS):
        signed = body | {"signed_at": rfc3339(process_now())}
        answer = await risk.post(ENGINEER, f"{path}/signatures", signed, version=version)
        assert answer.status_code == 201, answer.text
        version = answer.json()["inspection"]["version"]
    assert answer.json()["inspection"]["status"] == "closed"
    subjects = [one["subject"] for one in await risk.rows(kernel.tables["outbox"])]
    assert subjects == ["risk.hazard.found.v1", "risk.inspection.completed.v1"]
    late = await risk.call(ENGINEER, "PUT", f"{path}/hazards/h-2", HAZARD)
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")


async def test_factors_off_the_scale_and_an_unexplained_loss_are_refused(risk: ServiceUnderTest) -> None:
    visit = await scheduled(risk)
    path = f"/v1/inspections/{visit['id']}/hazards/h-1"
    off = await risk.call(ENGINEER, "PUT", path, HAZARD | {"likelihood": "5", "exposure": "4"})
    assert {one["pointer"] for one in off.json()["errors"]} == {"#/likelihood", "#/exposure"}
    assert {one["code"] for one in off.json()["errors"]} == {"value_not_in_set"}
    nothing = await risk.call(ENGINEER, "PUT", path, HAZARD | {"probable_maximum_loss": "0.00"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "pml_comment_required")
    above = await risk.call(ENGINEER, "PUT", path, HAZARD)
    assert (above.status_code, above.json()["code"]) == (422, "pml_comment_required")
    explained = await risk.call(ENGINEER, "PUT", path, HAZARD | {"comment": "含相邻车间"})
    assert explained.status_code == 200


async def test_no_accidents_written_although_claims_know_some_is_told(risk: ServiceUnderTest) -> None:
    visit = await scheduled(risk)
    loss = claim(visit["customer_id"], visit["policy_id"])
    await hear(risk, event("claims.claim.reported.v1", UUID(loss["claim_id"]), loss))
    silent = SECTIONS | {"accident_history": {"text": "无", "none_found": True}}
    told = await risk.post(
        ENGINEER, f"/v1/inspections/{visit['id']}/reports", report(sections=silent), version=visit["version"]
    )
    assert told.json()["told"]["warnings"] == ["accident_history_contradicted"]


async def test_an_inspector_of_another_area_is_refused_and_audited(risk: ServiceUnderTest) -> None:
    told = policy(TODAY)
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    visit = (await risk.get(ENGINEER, "/v1/inspections")).json()["items"][0]
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ELSEWHERE.person_id)}
    path = f"/v1/inspections/{visit['id']}/schedules"
    refused = await risk.post(ENGINEER, path, body, version=visit["version"])
    assert (refused.status_code, refused.json()["code"]) == (403, "inspector_outside_subtree")
    hidden = await risk.post(ELSEWHERE, path, body, version=visit["version"])
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")
    refusals = [one for one in await risk.rows(kernel.tables["audit_entries"]) if one["outcome"] == "refused"]
    assert len(refusals) == 2


async def test_a_grave_accident_brings_one_visit_and_its_withdrawal_takes_it_back(risk: ServiceUnderTest) -> None:
    told = policy(TODAY, risk_level="low")
    loss = claim(told["customer_id"], told["policy_id"], death_count=1)
    record = UUID(loss["claim_id"])
    await hear(
        risk,
        event(ISSUED, UUID(told["policy_id"]), told),
        event("claims.claim.reported.v1", record, loss),
        event("claims.claim.matched.v1", record, loss, 2),
    )
    assert len([one for one in await risk.rows(INSPECTIONS) if one["kind"] == "ad_hoc"]) == 1
    gone = {"claim_id": loss["claim_id"], "reason_code": "duplicate"}
    await hear(risk, event("claims.claim.cancelled.v1", record, gone, 3))
    [visit] = [one for one in await risk.rows(INSPECTIONS) if one["kind"] == "ad_hoc"]
    assert visit["status"] == "cancelled"
