"""Claims as a table: those of the list, the reporter masked, in scope."""

from __future__ import annotations

import csv
import io

import pytest

from services.claims.worker import JOBS
from shared.actor import Actor
from shared.exports import EXPORT
from shared.job_runner import Runner
from tests.support.calculations import PUBLIC
from tests.support.claims_settled import NORTH, PROVINCE, SettledWorld
from tests.support.claims_world import SUB
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

PATH = "/v1/exports/claims"
HEAD = actor("department_head", PROVINCE)
BODY = {
    "collection": "claims", "columns": ["id", "claim_no", "reporter_name", "reporter_phone", "reserve_amount"],
    "format": "csv", "purpose": "未决赔款核对",
}  # fmt: skip


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


async def table(world: SettledWorld, who: Actor) -> list[list[str]]:
    asked = await world.service.post(who, PATH, BODY)
    assert asked.status_code == 202, asked.text
    await Runner(world.service.db, {EXPORT: JOBS[EXPORT]}).run_once()
    file = await world.service.get(who, f"{PATH}/{asked.json()['id']}/file")
    assert file.status_code == 200, file.text
    return list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))


async def test_each_gets_the_claims_of_his_own_list_with_the_reporter_masked(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC)
    for path in (NORTH, SUB, SUB):
        await world.world.claim(policy, path=path, reporter={"name": "欧阳岚", "phone": "13800001234"})
    for who, count in ((HEAD, 3), (actor("adjuster", SUB), 2), (actor("adjuster", NORTH), 1)):
        mark, titles, *rows, _ = await table(world, who)
        listed = (await world.service.get(who, "/v1/claims?limit=200")).json()["items"]
        assert ([row[0] for row in rows], len(rows)) == ([one["id"] for one in listed], count)
        assert who.staff_no in mark[0]
        assert titles[2:4] == ["报案人", "报案电话"]
        assert {tuple(row[2:4]) for row in rows} == {("欧阳*", "138****1234")}


async def test_who_may_not_is_refused(world: SettledWorld) -> None:
    refused = await world.service.post(actor("surveyor", SUB), PATH, BODY)
    assert refused.status_code == 403
    unknown = await world.service.post(HEAD, PATH, BODY | {"collection": "payments"})
    assert unknown.json()["errors"][0]["code"] == "collection_unknown"
