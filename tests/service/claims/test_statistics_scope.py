"""Who sees which figures, what cannot be asked, and who is ranked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.claims.statistics.handlers import TICKS
from shared.actor import Actor
from shared.clock import process_now
from shared.ticks import run_once
from tests.support.calculations import PUBLIC
from tests.support.claims_settled import MIDDLE, NORTH, PROVINCE, SettledWorld, archivist
from tests.support.claims_world import SUB, adjuster
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

HEAD = actor("department_head", PROVINCE)


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


async def ask(world: SettledWorld, query: str = "", who: Actor = HEAD) -> Any:
    answer = await world.service.get(who, f"/v1/claims/statistics?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def count(world: SettledWorld) -> int:
    return sum([await run_once(world.service.db, tick) for tick in TICKS])


async def test_everybody_sees_the_figures_of_the_own_units_only(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC)
    for path in (NORTH, NORTH, SUB):
        await world.world.claim(policy, path=path)
    for _ in range(2):
        assert (await ask(world))["total"]["reported_count"] == 3
        assert (await ask(world, who=actor("department_head", MIDDLE)))["total"]["reported_count"] == 2
        assert (await ask(world, who=adjuster(NORTH)))["total"]["reported_count"] == 2
        assert (await ask(world, who=adjuster("00.32.3202.320206")))["items"] == []
        assert (await ask(world, "unit_code=3202"))["total"]["reported_count"] == 2
        await count(world)
    own = adjuster(NORTH)
    for code in ("3201", "320102", "3202", "999999"):
        answer = await world.service.get(own, f"/v1/claims/statistics?unit_code={code}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), code


@pytest.mark.parametrize(
    ("query", "code", "fault"),
    [
        ("group_by=person", "invalid_parameter", "group_key_unknown"),
        ("group_by=", "invalid_parameter", "group_key_unknown"),
        ("from=2026-05&to=2026-04", "invalid_parameter", "months_reversed"),
        ("from=2000-01&to=2026-04", "invalid_parameter", "too_many_months"),
        ("color=red", "unknown_parameter", "unknown_parameter"),
    ],
)
async def test_what_cannot_be_asked_is_refused(world: SettledWorld, query: str, code: str, fault: str) -> None:
    answer = await world.service.get(HEAD, f"/v1/claims/statistics?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert [one["code"] for one in answer.json()["errors"]] == [fault]


async def test_an_unknown_line_or_share_is_refused_and_whoever_may_not_gets_nothing(world: SettledWorld) -> None:
    for query in ("line=marine", "rank_by=luck", "from=yesterday"):
        answer = await world.service.get(HEAD, f"/v1/claims/statistics?{query}")
        assert answer.status_code == 422, answer.text
    answer = await world.service.get(archivist(), "/v1/claims/statistics")
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted")


async def test_a_unit_with_few_cases_is_shown_and_not_ranked(world: SettledWorld) -> None:
    now = process_now()
    for path, days, cases in ((NORTH, 4, 30), ("00.32.3202.320206", 2, 31), (SUB, 0, 29)):
        for _ in range(cases):
            told = {"reported_at": now - timedelta(days=days), "notified_at": now - timedelta(days=days)}
            await world.world.claim(None, path=path, status="surveyed", settled_at=now, **told)
    await count(world)
    told = await ask(world, "rank_by=days_to_settlement")
    assert told["minimum_cases"] == 30
    ranked = {
        one["group"]["unit"]: (one.get("rank"), one["too_few"], one["days_to_settlement"]) for one in told["items"]
    }
    assert ranked == {"320205": (2, False, "4.0"), "320206": (1, False, "2.0"), "320102": (None, True, "0.0")}
    assert all("rank" not in one for one in (await ask(world))["items"])
