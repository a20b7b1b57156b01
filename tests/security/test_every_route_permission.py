"""Whoever does not hold a route's permission is refused whatever record is named: every position at every place."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support import engines
from tests.support.forged import bad_credentials
from tests.support.route_walk import Operation, RouteWorld, everybody, operations_of
from tests.support.schema_bodies import UNKNOWN
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import MATRIX, actor

SERVICES = ("policy", "claims", "risk", "complaints", "crm")


@pytest.fixture(scope="module", params=SERVICES)
async def bare(
    request: pytest.FixtureRequest, clones: engines.Clones, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RouteWorld]:
    """The service with no record at all: who is refused here never comes as far as to look for one."""
    name = request.param
    url = clones.application_url(name)
    await clones.reset(name)
    async with running(name, url, tmp_path_factory.mktemp(name)) as service:
        yield RouteWorld(service, known={})
    await clones.reset(name)


def guarded(service: ServiceUnderTest) -> list[Operation]:
    """Its routes but the public ones, which another test lists."""
    return [one for one in operations_of(service.app) if one.permission is not None]


def anywhere(operation: Operation) -> str:
    """The path with some id in it: no record is looked for."""
    steps = (str(UNKNOWN) if step.startswith("{") else step for step in operation.path.split("/"))
    return "/".join(steps)


async def test_a_position_without_the_permission_is_refused_before_any_record_is_looked_for(bare: RouteWorld) -> None:
    wrong, calls = [], 0
    for operation in guarded(bare.service):
        for position in MATRIX.positions:
            for who in everybody(position):
                if operation.permission in who.permissions:
                    continue
                calls += 1
                answer = await bare.service.call(who, operation.method, anywhere(operation))
                if (answer.status_code, answer.json()["code"]) != (403, "action_not_permitted"):
                    wrong.append(f"{operation} as {position} of {who.scope}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)
    assert calls > 20 * len(guarded(bare.service))


@pytest.mark.abuse("B25")
async def test_a_bad_credential_opens_no_route_of_a_service(bare: RouteWorld) -> None:
    service, wrong = bare.service, []
    operations = guarded(service)
    may_all = actor("auditor", "00", more=[one.permission for one in operations if one.permission])
    bad = bad_credentials(may_all, service.service)
    for operation in operations:
        for fault, headers in bad.items():
            answer = await service.call(None, operation.method, anywhere(operation), headers=headers)
            if (answer.status_code, answer.json()["code"]) != (401, "token_invalid"):
                wrong.append(f"{operation} with {fault}: {answer.status_code} {answer.text[:120]}")
        right = await service.call(may_all, operation.method, anywhere(operation))
        if right.status_code in (401, 403):
            wrong.append(f"{operation}: the right token is refused as well, {right.text[:120]}")
    assert not wrong, "\n".join(wrong)
