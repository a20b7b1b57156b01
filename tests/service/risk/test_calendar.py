"""The calendar of visits by engineer and unit, and many visits given to another engineer at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.clock import legal_day, process_now, rfc3339
from shared.kernel import kernel
from shared.work_items import work_items
from tests.support.risk_world import ELSEWHERE, ENGINEER, ISSUED, SECTIONS, appoint, event, hear, policy
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

TODAY = legal_day(process_now())
COLLEAGUE = actor("risk_engineer", "00.32.3201", name="colleague")
STRETCH = f"from={TODAY}&to={TODAY + timedelta(days=92)}"


async def planned(risk: ServiceUnderTest, *numbers: str) -> list[dict[str, Any]]:
    """A policy each, due in the next days; their visits."""
    for n, number in enumerate(numbers):
        made = policy(TODAY - timedelta(days=360 - n), policy_no=number, risk_level="low")
        await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    return (await risk.get(ENGINEER, "/v1/inspections")).json()["items"]


async def agree(risk: ServiceUnderTest, visit: dict[str, Any], days: int) -> None:
    body = {
        "scheduled_at": rfc3339(process_now() + timedelta(days=days)), "inspector_person_id": str(ENGINEER.person_id),
    }  # fmt: skip
    answer = await risk.post(ENGINEER, f"/v1/inspections/{visit['id']}/schedules", body, version=visit["version"])
    assert answer.status_code == 201, answer.text


async def calendar(risk: ServiceUnderTest, more: str = "", who: Any = ENGINEER) -> dict[str, Any]:
    answer = await risk.get(who, f"/v1/inspection-calendar?{STRETCH}{more}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_visits_stand_on_the_day_agreed_else_on_the_day_due(risk: ServiceUnderTest) -> None:
    first, second = await planned(risk, "P-1", "P-2")
    await agree(risk, second, 20)
    days = (await calendar(risk))["items"]
    shown = {one["on"]: [entry["inspection_id"] for entry in one["entries"]] for one in days}
    agreed_on = (TODAY + timedelta(days=20)).isoformat()
    assert shown == {first["due_on"]: [first["id"]], agreed_on: [second["id"]]}
    assert [entry["agreed"] for one in days for entry in one["entries"]] == [False, True]


async def test_it_is_asked_for_by_engineer_and_by_unit_within_the_scope(risk: ServiceUnderTest) -> None:
    first, _ = await planned(risk, "P-1", "P-2")
    await agree(risk, first, 3)
    mine = await calendar(risk, f"&person_id={ENGINEER.person_id}")
    assert [one["visits"] for one in mine["loads"]] == [1]
    assert sum(one["visits"] for one in (await calendar(risk, "&unit_code=320102"))["loads"]) == 2
    assert (await calendar(risk, "&unit_code=3202"))["items"] == []
    assert (await calendar(risk, who=ELSEWHERE))["items"] == []


async def test_a_stretch_that_ends_before_it_begins_or_is_too_long_is_refused(risk: ServiceUnderTest) -> None:
    for last in (TODAY - timedelta(days=1), TODAY + timedelta(days=400)):
        refused = await risk.get(ENGINEER, f"/v1/inspection-calendar?from={TODAY}&to={last}")
        assert (refused.status_code, refused.json()["code"]) == (422, "stretch_invalid")


def batch(items: list[dict[str, Any]], to: Any = COLLEAGUE) -> dict[str, Any]:
    return {"action": "reassign", "to_person_id": str(to.person_id), "reason": "休假", "items": items}


def asked(visit: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"ref": visit["policy_no"], "inspection_id": visit["id"], "version": visit["version"]} | changes


async def test_many_visits_go_to_another_engineer_each_with_its_own_result(risk: ServiceUnderTest) -> None:
    await appoint(risk, COLLEAGUE)
    first, second, third = await planned(risk, "P-1", "P-2", "P-3")
    await agree(risk, second, 3)
    items = [
        asked(first), asked(second), asked(second, ref="stale"), asked(third, ref="old", version=9),
        {"ref": "none", "inspection_id": str(uuid4())},
    ]  # fmt: skip
    body = batch(items)
    answer = await risk.post(ENGINEER, "/v1/inspections/batches", body, key="k-1")
    results = {one["ref"]: one for one in answer.json()["results"]}
    assert {name: one["status"] for name, one in results.items()} == {
        "P-1": 200, "P-2": 412, "stale": 412, "old": 412, "none": 404,
    }  # fmt: skip
    current = (await risk.get(ENGINEER, f"/v1/inspections/{second['id']}")).json()
    again = await risk.post(ENGINEER, "/v1/inspections/batches", batch([asked(current)]))
    assert [one["status"] for one in again.json()["results"]] == [200]
    twice = await risk.post(ENGINEER, "/v1/inspections/batches", batch([asked(current, version=None)]))
    assert twice.json()["results"][0]["problem"]["code"] == "already_the_visitor"
    repeated = await risk.post(ENGINEER, "/v1/inspections/batches", body, key="k-1")
    assert repeated.json() == answer.json()
    waiting = await risk.rows(work_items, closed_at=None, person_id=COLLEAGUE.person_id)
    assert sorted(one["kind"] for one in waiting) == ["inspect", "report_inspection"]
    assert await risk.rows(kernel.tables["task_grants"], closed_at=None, person_id=ENGINEER.person_id) == []


async def test_nobody_of_another_area_and_nobody_after_the_visit_gets_it(risk: ServiceUnderTest) -> None:
    await appoint(risk, COLLEAGUE)
    [visit] = await planned(risk, "P-1")
    outside = await risk.post(ENGINEER, "/v1/inspections/batches", batch([asked(visit)], ELSEWHERE))
    assert outside.json()["results"][0]["problem"]["code"] == "inspector_outside_subtree"
    stranger = actor("surveyor", "00.32.3201", name="surveyor")
    unknown = await risk.post(ENGINEER, "/v1/inspections/batches", batch([asked(visit)], stranger))
    assert unknown.json()["results"][0]["problem"]["errors"][0]["pointer"] == "#/items/0/to_person_id"
    await agree(risk, visit, 0)
    here = f"/v1/inspections/{visit['id']}"
    version = (await risk.get(ENGINEER, here)).json()["version"]
    body = {"inspected_at": rfc3339(process_now()), "risk_level": "low", "sections": SECTIONS}
    assert (await risk.post(ENGINEER, f"{here}/reports", body, version=version)).status_code == 201
    late = await risk.post(ENGINEER, "/v1/inspections/batches", batch([asked(visit, version=None)]))
    assert late.json()["results"][0]["problem"]["code"] == "state_conflict"
    refused = await risk.rows(kernel.tables["audit_entries"], outcome="refused")
    assert [one["action"] for one in refused] == ["POST /v1/inspections/batches"] * 2
