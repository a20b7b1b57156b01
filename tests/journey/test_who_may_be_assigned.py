"""The directory of assignees: what it says of a person is what an assignment of that person answers."""

from __future__ import annotations

from typing import Any

import pytest

from services.claims.claim.tables import ClaimDuty
from shared.actor import machine
from tests.support.claim_life import report
from tests.support.journeys import reported
from tests.support.system import System


async def _asked(system: System, who: Any, query: str) -> dict[str, Any]:
    answer = await system.gateway.get(who, f"/v1/directory?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_picker_is_told_who_may_survey_with_open_work_and_the_reason_of_every_no(system: System) -> None:
    story = await reported(system, "3201", report(unit_code=None))
    agent, surveyor = await story.person("service_agent"), await story.person("surveyor")
    about = f"for=claims/{story.claim['id']}&duty=survey"
    before = await _asked(system, agent, f"position=surveyor&unit_code=3201&org_scope=exact&{about}")
    [mine] = [one for one in before["items"] if one["person_id"] == surveyor.id]
    assert (mine["eligible"], mine["unit"]["code"], "reason" in mine) == (True, "3201", False)
    await story.done("service_agent", "dispatches", {"surveyor_person_id": surveyor.id})
    after = await _asked(system, agent, f"person_id={surveyor.id}&position=surveyor&{about}")
    assert [one["open_items"] for one in after["items"]] == [mine["open_items"] + 1]
    assert "partial" not in after
    adjuster = await story.person("adjuster")
    told = await _asked(system, agent, f"person_id={adjuster.id}&position=adjuster&{about}")
    assert [(one["eligible"], one["reason"]["code"]) for one in told["items"]] == [(False, "surveyor_not_eligible")]
    refused = await story.step("service_agent", "dispatches", {"surveyor_person_id": adjuster.id})
    assert (refused.status_code, refused.json()["code"]) == (422, "surveyor_not_eligible")


async def test_a_duty_that_was_taken_on_the_record_shows_as_the_reason(system: System) -> None:
    story = await reported(system, "3201", report(unit_code=None))
    agent, surveyor = await story.person("service_agent"), await story.person("surveyor")
    async with system.workers["claims"].database.transaction(machine("claims")) as tx:
        for duty in ("surveyor", "approver"):
            row = ClaimDuty(claim_id=story.claim["id"], org_path="00.32.3201", duty=duty, person_id=surveyor.id)
            tx.add(row)
    cashier = await story.person("cashier")
    for duty, who, expected in (
        ("adjust", surveyor, "not_in_position"),
        ("pay", cashier, None),
        ("survey", surveyor, "separation_of_duties"),
    ):
        about = f"person_id={who.id}&for=claims/{story.claim['id']}&duty={duty}"
        [entry] = (await _asked(system, agent, about))["items"]
        assert entry["eligible"] is (expected is None), entry
        assert entry.get("reason", {}).get("code") == expected


async def test_reasons_come_in_the_callers_language(system: System) -> None:
    story = await reported(system, "3201", report(unit_code=None))
    agent, cashier = await story.person("service_agent"), await story.person("cashier")
    path = f"/v1/directory?person_id={cashier.id}&for=claims/{story.claim['id']}&duty=approve"
    found = {}
    for language in ("zh", "en"):
        answer = await system.gateway.call(agent, "GET", path, headers={"Accept-Language": language})
        found[language] = answer.json()["items"][0]["reason"]["detail"]
    assert found["zh"] != found["en"]
    assert found["en"].isascii()


async def test_a_record_of_another_unit_is_not_there_and_a_duty_without_rule_is_refused(system: System) -> None:
    story = await reported(system, "3201", report(unit_code=None))
    stranger, agent = await system.enter("service_agent", "3202"), await story.person("service_agent")
    for who, record, duty, status, code in (
        (stranger, story.claim["id"], "survey", 404, "not_found"),
        (agent, "0193b0c4-0000-7000-8000-000000000000", "survey", 404, "not_found"),
        (agent, story.claim["id"], "sweep", 422, "invalid_parameter"),
    ):
        answer = await system.gateway.get(who, f"/v1/directory?position=surveyor&for=claims/{record}&duty={duty}")
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_what_a_silent_service_would_say_is_left_open_and_said_so(system: System) -> None:
    story = await reported(system, "3201", report(unit_code=None))
    agent = await story.person("service_agent")
    await system.stop("claims")
    try:
        query = f"position=surveyor&for=claims/{story.claim['id']}&duty=survey"
        told = await _asked(system, agent, query)
        assert told["partial"] == ["claims"]
        assert told["items"]
        assert not [one for one in told["items"] if "eligible" in one]
    finally:
        await system.start("claims")


@pytest.mark.parametrize(
    ("collection", "duty"), [("complaints", "handle"), ("inspections", "inspect"), ("return-visits", "visit")]
)
async def test_every_owner_answers_for_its_own_records(system: System, collection: str, duty: str) -> None:
    who = await system.enter("department_head", "32")
    unknown = f"/v1/directory?for={collection}/0193b0c4-0000-7000-8000-000000000000&duty={duty}"
    assert (await system.gateway.get(who, unknown)).status_code == 404
    other = await system.gateway.get(who, unknown.replace(f"duty={duty}", "duty=sweep"))
    assert (other.status_code, other.json()["code"]) == (422, "invalid_parameter")
