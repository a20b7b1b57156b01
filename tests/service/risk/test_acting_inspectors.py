"""Who may inspect a place, also for somebody else; what pickers are told of engineers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from shared.clock import legal_day, process_now, rfc3339
from shared.kernel import kernel
from tests.support.risk_world import ELSEWHERE, ENGINEER, ISSUED, SECTIONS, event, hear, policy
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

ENTRIES = kernel.tables["audit_entries"]
SELLER = person("seller")


async def _visit(risk: ServiceUnderTest, **told: str) -> dict[str, object]:
    issued = policy(legal_day(process_now()), risk_level="high", **told)
    await hear(risk, event(ISSUED, UUID(issued["policy_id"]), issued))
    return (await risk.get(ENGINEER, "/v1/inspections")).json()["items"][0]


async def test_whoever_acts_for_the_seller_does_not_inspect(risk: ServiceUnderTest) -> None:
    visit = await _visit(risk, seller_id=str(SELLER))
    path = f"/v1/inspections/{visit['id']}/schedules"
    body = {
        "scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id),
        "confirmed_by_customer": True,
    }  # fmt: skip
    scheduled = await risk.post(ENGINEER, path, body, version=visit["version"])
    assert scheduled.status_code == 201, scheduled.text
    report = {
        "inspected_at": rfc3339(process_now()), "sections": SECTIONS, "participants": ["欧阳岚"], "jointly": True,
        "risk_level": "medium",
    }  # fmt: skip
    for_seller = replace(ENGINEER, on_behalf_of=SELLER, delegation_id=person("grant"))
    path = f"/v1/inspections/{visit['id']}/reports"
    version = (await risk.get(ENGINEER, f"/v1/inspections/{visit['id']}")).json()["version"]
    refused = await risk.post(for_seller, path, report, version=version)
    assert (refused.status_code, refused.json()["conflicting_duty"]) == (403, "seller"), refused.text
    assert len(await risk.rows(ENTRIES, outcome="refused")) == 1
    for_colleague = replace(ENGINEER, on_behalf_of=person("colleague"), delegation_id=person("grant"))
    done = await risk.post(for_colleague, path, report, version=version)
    assert done.status_code == 201, done.text


async def test_pickers_are_told_who_may_inspect_and_why_not(risk: ServiceUnderTest) -> None:
    visit = await _visit(risk, seller_id=str(ENGINEER.person_id))
    nobody = actor("risk_engineer", "00.32.3201", name="not appointed")
    asked = {
        "person_id": [str(one.person_id) for one in (ENGINEER, ELSEWHERE, nobody)], "collection": "inspections",
        "record_id": visit["id"], "duty": "inspect",
    }  # fmt: skip
    found = (await risk.call(ENGINEER, "GET", "/internal/assignees", params=asked)).json()["items"]
    assert {one["person_id"]: one["reason"]["code"] for one in found} == {
        str(ENGINEER.person_id): "separation_of_duties", str(ELSEWHERE.person_id): "inspector_outside_subtree",
        str(nobody.person_id): "not_in_position",
    }  # fmt: skip
    assert {one["eligible"] for one in found} == {False}


async def test_whoever_underwrites_the_policy_does_not_inspect_for_it(risk: ServiceUnderTest) -> None:
    visit = await _visit(risk, underwriter_id=str(ENGINEER.person_id))
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    path = f"/v1/inspections/{visit['id']}/schedules"
    refused = await risk.post(ENGINEER, path, body, version=visit["version"])
    assert (refused.status_code, refused.json()["conflicting_duty"]) == (403, "underwriter"), refused.text
