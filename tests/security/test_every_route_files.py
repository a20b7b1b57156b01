"""A file is found under its own record alone: a record of one's own is no way to the files of another unit's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from shared.clock import legal_day, process_now
from tests.support import engines, risk_world
from tests.support.claim_life import report
from tests.support.complaint_world import complaint
from tests.support.risk_parts import assessment
from tests.support.route_walk import Operation, RouteWorld, operations_of, strangers, told
from tests.support.route_worlds import world_of
from tests.support.schema_bodies import UNKNOWN
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import actor

NEXT_DOOR = "00.32.3201.320104"
AGENT = actor("service_agent", NEXT_DOOR)


async def _claim(service: ServiceUnderTest) -> dict[str, str]:
    made = await service.post(AGENT, "/v1/claims", report(policy_no=None, unit_code=None))
    return {"/v1/claims": made.json()["id"]}


async def _complaint(service: ServiceUnderTest) -> dict[str, str]:
    made = await service.post(AGENT, "/v1/complaints", complaint())
    return {"/v1/complaints": made.json()["id"]}


async def _visit(service: ServiceUnderTest) -> dict[str, str]:
    """A visit with a hazard, its notice, a plan and an assessment at the next unit, as its people have made them."""
    day, product = legal_day(process_now()), "work_safety_liability"
    sold = risk_world.policy(day, unit_code="320104", policy_no="PLL-2", product=product)
    arrived = risk_world.event(risk_world.ISSUED, UUID(sold["policy_id"]), sold, orgpath=NEXT_DOOR)
    await risk_world.hear(service, arrived)
    surveyor = actor("surveyor", NEXT_DOOR)
    visit = (await service.get(surveyor, "/v1/inspections")).json()["items"][0]["id"]
    path = f"/v1/inspections/{visit}/hazards/H1"
    agreed = {"scheduled_at": process_now().isoformat(), "inspector_person_id": str(risk_world.ENGINEER.person_id)}
    await service.post(risk_world.ENGINEER, f"/v1/inspections/{visit}/schedules", agreed, version=1)
    hazard = await service.call(surveyor, "PUT", path, risk_world.HAZARD | {"comment": "估计"})
    assert hazard.status_code == 200, hazard.text
    engineer, made = risk_world.ENGINEER, {"/v1/inspections": visit, "/v1/hazards": hazard.json()["id"]}
    for below, body in (
        ("/v1/rectification-notices", {"inspection_id": visit, "hazard_ids": [made["/v1/hazards"]]}),
        ("/v1/risk-assessments", assessment(customer_id=sold["customer_id"], policy_no="PLL-2")),
    ):
        answer = await service.post(engineer, below, body)
        assert answer.status_code == 201, answer.text
        made[below] = answer.json()["id"]
    plans = (await service.get(surveyor, "/v1/prevention-plans")).json()["items"]
    return made | {"/v1/prevention-plans": plans[0]["id"]}


OWN_RECORDS: dict[str, Callable[[ServiceUnderTest], Awaitable[dict[str, str]]]] = {
    "claims": _claim, "complaints": _complaint, "risk": _visit,
}  # fmt: skip
FILES = {"claims": 2, "complaints": 2, "risk": 10}


@pytest.fixture(params=OWN_RECORDS)
async def world(request: pytest.FixtureRequest, clones: engines.Clones, tmp_path: Path) -> AsyncIterator[RouteWorld]:
    url = clones.application_url(request.param)
    await clones.reset(request.param)
    async with running(request.param, url, tmp_path) as service:
        yield await world_of(service)


def _of_one_file(world: RouteWorld) -> list[Operation]:
    return [one for one in operations_of(world.service.app) if "{attachment_id}" in one.path]


async def test_a_file_of_another_unit_is_not_found_under_a_record_of_ones_own(world: RouteWorld) -> None:
    own = await OWN_RECORDS[world.service.service](world.service)
    operations = _of_one_file(world)
    assert len(operations) == FILES[world.service.service]
    for operation in operations:
        below = operation.path.partition("/{")[0]
        file = world.known[f"{below}/{{}}/attachments/{{}}"]
        callers = [one for one in strangers(operation) if one.scope == NEXT_DOOR]
        assert callers
        for who in callers:
            record = await world.service.get(who, f"{below}/{own[below]}/attachments")
            assert record.status_code == 200, f"{who.position} does not see the record that is his own"
            answers = []
            for one in (file, str(UNKNOWN)):
                ids = {f"{below}/{{}}": own[below], f"{below}/{{}}/attachments/{{}}": one}
                world.better[operation.path] = ids
                answers.append(told(await world.call(who, operation)))
            assert answers[0] == answers[1], operation
            assert answers[0][0] == 404, f"{operation} as {who.position}: {answers[0]}"
