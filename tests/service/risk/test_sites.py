"""Insured sites: where they lie, that none is registered twice, and that the visits of their policy follow them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.risk.exposure.tables import Base
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support.risk_world import ELSEWHERE, ENDORSED, ENGINEER, ISSUED, event, hear, policy
from tests.support.services import ServiceUnderTest

TODAY = legal_day(process_now())
INSPECTIONS, SITES = Base.metadata.tables["inspections"], Base.metadata.tables["sites"]


def site(**changes: Any) -> dict[str, Any]:
    told = {
        "policy_no": "PLL-1", "name": "二号厂区", "address": "南京市玄武区 岚江路１8号", "area_code": "320102",
        "position": {"lon": "118.796877", "lat": "32.060255"}, "insured_count": 40, "industry": "dangerous_chemicals",
    }  # fmt: skip
    return told | changes


async def sold(risk: ServiceUnderTest, **told: Any) -> dict[str, Any]:
    made = policy(TODAY, **told)
    await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    return made


async def test_a_site_takes_customer_and_unit_from_its_policy(risk: ServiceUnderTest) -> None:
    made = await sold(risk)
    answer = await risk.post(ENGINEER, "/v1/sites", site())
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["customer_id"], told["unit_code"]) == (made["customer_id"], "320102")
    assert told["position"] == {"lon": "118.796877", "lat": "32.060255"}
    assert (await risk.get(ENGINEER, f"/v1/sites/{told['id']}")).json()["address"] == site()["address"]
    assert (await risk.get(ELSEWHERE, f"/v1/sites/{told['id']}")).status_code == 404
    assert (await risk.get(ELSEWHERE, "/v1/sites")).json()["items"] == []
    history = (await risk.get(ENGINEER, f"/v1/sites/{told['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["register"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"policy_no": "PLL-9"}, 422, "reference_not_found"),
        ({"customer_id": str(uuid4())}, 422, "site_of_other_customer"),
        ({"position": {"lon": "118.8", "lat": "90.1"}}, 422, "position_invalid"),
        ({"unit_code": "329999"}, 422, "unit_outside_scope"),
        ({"insured_count": -1}, 422, "validation_failed"),
        ({"area_code": "32"}, 422, "validation_failed"),
    ],
)
async def test_a_site_that_cannot_be_is_refused(
    risk: ServiceUnderTest, changes: dict[str, Any], status: int, code: str
) -> None:
    await sold(risk)
    refused = await risk.post(ENGINEER, "/v1/sites", site(**changes))
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert await risk.rows(SITES) == []


async def test_one_address_in_two_writings_is_one_site_also_at_once(risk: ServiceUnderTest) -> None:
    await sold(risk)
    other = site(address="南京市玄武区岚江路18号", name="另一种写法")
    answers = await asyncio.gather(
        risk.post(ENGINEER, "/v1/sites", site()), risk.post(ENGINEER, "/v1/sites", other)
    )  # fmt: skip
    assert sorted(one.status_code for one in answers) == [201, 409]
    refused = next(one for one in answers if one.status_code == 409).json()
    [kept] = await risk.rows(SITES)
    assert (refused["code"], refused["site_id"]) == ("site_known", str(kept["id"]))


async def visits(risk: ServiceUnderTest) -> list[tuple[str, UUID | None]]:
    rows = await risk.rows(INSPECTIONS, status="planned")
    return sorted(((one["due_on"].isoformat(), one["site_id"]) for one in rows), key=str)


async def test_every_site_of_a_policy_is_visited_and_an_ended_one_no_more(risk: ServiceUnderTest) -> None:
    made = await sold(risk)
    [(day, none)] = await visits(risk)
    assert none is None
    first = (await risk.post(ENGINEER, "/v1/sites", site())).json()
    second = (await risk.post(ENGINEER, "/v1/sites", site(address="南京市玄武区岚江路20号"))).json()
    ids = sorted((UUID(first["id"]), UUID(second["id"])), key=str)
    assert await visits(risk) == [(day, one) for one in ids]
    body = {"status": "ended", "reason": "搬迁"}
    path = f"/v1/sites/{second['id']}"
    ended = await risk.call(ENGINEER, "PATCH", path, body, version=1)
    assert (ended.status_code, ended.json()["status"]) == (200, "ended"), ended.text
    assert await visits(risk) == [(day, UUID(first["id"]))]
    newer = made | {"policy_version": 2, "risk_level": "high"}
    await hear(risk, event(ENDORSED, UUID(made["policy_id"]), newer, 2))
    assert {one for _, one in await visits(risk)} == {UUID(first["id"])}
    assert len(await visits(risk)) == 3


async def test_a_change_needs_the_version_seen_and_is_written_down(risk: ServiceUnderTest) -> None:
    await sold(risk)
    told = (await risk.post(ENGINEER, "/v1/sites", site())).json()
    path = f"/v1/sites/{told['id']}"
    body = {"insured_count": 55, "position": {"lon": "118.9", "lat": "32.1"}}
    done = await risk.call(ENGINEER, "PATCH", path, body, version=1)
    assert (done.json()["insured_count"], done.json()["position"]["lat"]) == (55, "32.100000")
    stale = await risk.call(ENGINEER, "PATCH", path, body, version=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    entries = await risk.rows(kernel.tables["history"], record_id=UUID(told["id"]))
    assert [one["action"] for one in sorted(entries, key=lambda one: one["id"])] == ["register", "change"]


async def test_an_endorsement_takes_the_visits_not_begun_along_to_the_new_unit(risk: ServiceUnderTest) -> None:
    made = await sold(risk)
    newer = made | {"policy_version": 2, "unit_code": "320201", "customer_id": str(uuid4())}
    moved = event(ENDORSED, UUID(made["policy_id"]), newer, 2, orgpath="00.32.3202.320201")
    await hear(risk, moved)
    [visit] = await risk.rows(INSPECTIONS)
    assert (visit["org_path"], visit["unit_code"]) == ("00.32.3202.320201", "320201")
    assert str(visit["customer_id"]) == newer["customer_id"]


async def test_a_confirmed_plan_whose_days_change_is_to_be_confirmed_again(risk: ServiceUnderTest) -> None:
    made = await sold(risk)
    plan = (await risk.get(ENGINEER, "/v1/inspection-plans")).json()["items"][0]
    path = f"/v1/inspection-plans/{plan['id']}"
    done = await risk.post(ENGINEER, f"{path}/confirmations", None, version=plan["version"])
    assert done.status_code == 201, done.text
    same = made | {"policy_version": 2, "insured_count": 9}
    await hear(risk, event(ENDORSED, UUID(made["policy_id"]), same, 2))
    assert (await risk.get(ENGINEER, path)).json()["status"] == "confirmed"
    other = made | {"policy_version": 3, "risk_level": "high"}
    await hear(risk, event(ENDORSED, UUID(made["policy_id"]), other, 3))
    assert (await risk.get(ENGINEER, path)).json()["status"] == "planned"


async def test_nothing_is_planned_for_a_policy_that_has_ended(risk: ServiceUnderTest) -> None:
    made = await sold(risk, ended_at=f"{TODAY - timedelta(days=1)}T00:00:00+08:00")
    assert await risk.rows(INSPECTIONS) == []
    body = {"kind": "ad_hoc", "policy_no": made["policy_no"], "due_on": TODAY.isoformat(), "reason": "复查"}
    refused = await risk.post(ENGINEER, "/v1/inspections", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "policy_ended"), refused.text
    [plan] = (await risk.get(ENGINEER, "/v1/inspection-plans")).json()["items"]
    again = await risk.post(ENGINEER, f"/v1/inspection-plans/{plan['id']}/confirmations", None, version=plan["version"])
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


async def test_a_visit_is_not_opened_for_a_day_gone_by_nor_for_nowhere(risk: ServiceUnderTest) -> None:
    await sold(risk)
    body = {"kind": "ad_hoc", "policy_no": "PLL-1", "due_on": (TODAY - timedelta(days=1)).isoformat(), "reason": "复查"}
    past = await risk.post(ENGINEER, "/v1/inspections", body)
    assert (past.status_code, past.json()["code"]) == (422, "due_in_past")
    nowhere = {"kind": "ad_hoc", "due_on": TODAY.isoformat(), "reason": "复查"}
    refused = await risk.post(ENGINEER, "/v1/inspections", nowhere)
    assert (refused.status_code, refused.json()["code"]) == (422, "place_required")
    before = nowhere | {"kind": "pre_bind", "customer_id": str(uuid4()), "place": {"address": "江宁区东山路1号"}}
    opened = await risk.post(ENGINEER, "/v1/inspections", before)
    assert opened.status_code == 201, opened.text
