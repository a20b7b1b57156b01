"""Prevention plans of work-safety liability: written, confirmed by the customer, following their policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.clock import legal_day, process_now, rfc3339
from shared.work_items import work_items
from tests.support.risk_world import ENDORSED, ENGINEER, ISSUED, event, hear, policy
from tests.support.services import ServiceUnderTest

TODAY = legal_day(process_now())
ITEM = {
    "item": "危险源辨识培训", "measure": "对班组长以上人员每季度培训一次", "frequency": "quarterly",
    "people": ["注册安全工程师1名", "企业安全负责人"],
}  # fmt: skip


def confirmation(**changes: Any) -> dict[str, Any]:
    return {"confirmed_at": rfc3339(process_now()), "method": "seal", "confirmed_by": "安全负责人"} | changes


async def sold(risk: ServiceUnderTest, **told: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The policy, and its plan as it reads."""
    made = policy(TODAY, product="work_safety_liability", compulsory=True, **told)
    await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    return made, await plan_of(risk)


async def plan_of(risk: ServiceUnderTest) -> dict[str, Any]:
    [plan] = (await risk.get(ENGINEER, "/v1/prevention-plans")).json()["items"]
    return (await risk.get(ENGINEER, f"/v1/prevention-plans/{plan['id']}")).json()


async def written(risk: ServiceUnderTest, plan: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/prevention-plans/{plan['id']}/items"
    answer = await risk.call(ENGINEER, "PUT", path, {"items": [ITEM]}, version=plan["version"])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_work_safety_policy_has_a_plan_and_others_have_none(risk: ServiceUnderTest) -> None:
    other = policy(TODAY)
    await hear(risk, event(ISSUED, UUID(other["policy_id"]), other))
    assert (await risk.get(ENGINEER, "/v1/prevention-plans")).json()["items"] == []
    _, plan = await sold(risk, policy_no="PWS-1")
    assert (plan["status"], plan["items"], plan["policy_no"]) == ("draft", [], "PWS-1")
    waiting = [one for one in await risk.rows(work_items, closed_at=None) if one["kind"] == "prevention_plan"]
    assert len(waiting) == 1


async def test_it_is_written_then_confirmed_and_its_work_is_done(risk: ServiceUnderTest) -> None:
    _, plan = await sold(risk)
    path = f"/v1/prevention-plans/{plan['id']}"
    empty = await risk.post(ENGINEER, f"{path}/confirmations", confirmation(), version=plan["version"])
    assert (empty.status_code, empty.json()["code"]) == (409, "prevention_plan_empty")
    plan = await written(risk, plan)
    late = confirmation(confirmed_at=rfc3339(process_now() + timedelta(hours=1)))
    future = await risk.post(ENGINEER, f"{path}/confirmations", late, version=plan["version"])
    assert (future.status_code, future.json()["code"]) == (422, "occurred_in_future")
    done = await risk.post(ENGINEER, f"{path}/confirmations", confirmation(), version=plan["version"])
    assert done.status_code == 201, done.text
    again = await risk.post(
        ENGINEER, f"{path}/confirmations", confirmation(), version=done.json()["prevention_plan"]["version"]
    )
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    read = await plan_of(risk)
    assert (read["status"], read["confirmation"]["confirmed_by"]) == ("confirmed", "安全负责人")
    assert [one for one in await risk.rows(work_items, closed_at=None) if one["kind"] == "prevention_plan"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"people": []}, "validation_failed"),
        ({"frequency": "now_and_then"}, "validation_failed"),
        ({"measure": ""}, "validation_failed"),
        ({"first_on": (TODAY + timedelta(days=900)).isoformat()}, "item_outside_term"),
    ],
)
async def test_an_item_without_people_frequency_or_measure_is_refused(
    risk: ServiceUnderTest, change: dict[str, Any], code: str
) -> None:
    _, plan = await sold(risk)
    path = f"/v1/prevention-plans/{plan['id']}/items"
    refused = await risk.call(ENGINEER, "PUT", path, {"items": [ITEM | change]}, version=plan["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert (await plan_of(risk))["items"] == []


async def confirmed(risk: ServiceUnderTest) -> dict[str, Any]:
    made, plan = await sold(risk)
    plan = await written(risk, plan)
    path = f"/v1/prevention-plans/{plan['id']}/confirmations"
    assert (await risk.post(ENGINEER, path, confirmation(), version=plan["version"])).status_code == 201
    return made


async def test_an_endorsement_that_changes_the_risk_asks_for_another_confirmation(risk: ServiceUnderTest) -> None:
    made = await confirmed(risk)
    record = UUID(made["policy_id"])
    await hear(risk, event(ENDORSED, record, made | {"policy_version": 2, "policy_no": "PWS-2"}, 2))
    assert (await plan_of(risk))["status"] == "confirmed"
    more = made | {"policy_version": 3, "insured_count": 70, "risk_level": "high"}
    await hear(risk, event(ENDORSED, record, more, 3))
    plan = await plan_of(risk)
    assert (plan["status"], plan["revised_because"]) == ("draft", ["risk_level", "insured_count"])
    assert (len(plan["items"]), plan.get("confirmation")) == (1, None)
    assert len([one for one in await risk.rows(work_items, closed_at=None) if one["kind"] == "prevention_plan"]) == 1


async def test_the_end_of_cover_ends_the_plan(risk: ServiceUnderTest) -> None:
    made = await confirmed(risk)
    ended = {
        "policy_id": made["policy_id"], "effective_on": TODAY.isoformat(), "effective_at": rfc3339(process_now()),
        "kind": "cancel", "refund_amount": "0.00",
    }  # fmt: skip
    await hear(risk, event("policy.policy.cancelled.v1", UUID(made["policy_id"]), ended, 2))
    plan = await plan_of(risk)
    assert plan["status"] == "ended"
    path = f"/v1/prevention-plans/{plan['id']}/items"
    refused = await risk.call(ENGINEER, "PUT", path, {"items": [ITEM]}, version=plan["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
    assert {one["allowed"] for one in plan["available_actions"]} == {False}
