"""Nobody waits for anybody: a report is taken while every other service is away, and each hears of it once, later."""

from __future__ import annotations

import importlib
import time

from services.claims.events import EVENTS as CLAIMS_EVENTS
from tests.support.claim_life import report
from tests.support.journeys import PUBLIC, reported, sold
from tests.support.system import System

AWAY = ("policy", "crm", "risk", "complaints")


async def test_a_report_is_taken_while_every_other_service_is_away_and_each_hears_of_it_once(system: System) -> None:
    policy = await sold(system, PUBLIC)
    await system.stop(*AWAY)
    began = time.monotonic()
    story = await reported(system, "320102", report(policy_no=policy["policy_no"], injured=[], injured_count=0))
    surveyor = await story.person("surveyor")
    await story.done("service_agent", "dispatches", {"surveyor_person_id": surveyor.id})
    assert time.monotonic() - began < 15
    assert story.claim["policy_match"] == "matched"
    await _the_rest_is_named_as_away(system)
    await system.drain()
    told = await system.told("claims", story.claim["id"])
    assert told
    assert all(one["sent_at"] is not None for one in told), "the events go out although nobody listens"

    for name in AWAY:
        await system.start(name)
    await system.drain()
    assert {one["subject"] for one in told} >= {"claims.claim.reported.v1", "claims.duty.taken.v1"}
    for name in AWAY:
        wanted = _heard_by(name)
        expected = {one["subject"]: 0 for one in told if one["subject"] in wanted}
        for one in told:
            if one["subject"] in wanted:
                expected[one["subject"]] += 1
        assert await system.heard(name, told) == expected, name
        assert expected.get("claims.claim.reported.v1") == 1, name
    assert await system.drain() == 0
    await _one_line_each(system, story.claim["id"], policy["id"])


async def _the_rest_is_named_as_away(system: System) -> None:
    agent = await system.enter("service_agent", "320102")
    answer = await system.gateway.get(agent, "/v1/customers")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable"), answer.text
    inbox = (await system.gateway.get(agent, "/v1/work-items")).json()
    assert sorted(inbox["partial"]) == sorted(AWAY)
    assert inbox["items"]


def _heard_by(name: str) -> set[str]:
    """The subjects of claims that the service listens to."""
    consumers = importlib.import_module(f"services.{name}.consumers").CONSUMERS
    return {one.subject for one in consumers} & {one.SUBJECT for one in CLAIMS_EVENTS}


async def _one_line_each(system: System, claim_id: str, policy_id: str) -> None:
    agent = await system.enter("service_agent", "320102")
    losses = (await system.gateway.get(agent, f"/v1/policies/{policy_id}/loss-history")).json()["items"]
    assert [one["claim_id"] for one in losses] == [claim_id]
    customer = (await system.gateway.get(agent, "/v1/customers?core_no=C0001")).json()["items"][0]["id"]
    past = (await system.gateway.get(agent, f"/v1/customers/{customer}/timeline?limit=200")).json()["items"]
    reports = [one for one in past if one["about"]["id"] == claim_id and one["kind"] == "claims.claim.reported"]
    assert len(reports) == 1


async def test_a_service_that_comes_back_still_has_what_it_answered_for(system: System) -> None:
    story = await reported(system, "320104", report(policy_no=None, unit_code=None), key="night-1")
    await system.stop("claims")
    agent = await story.person("service_agent")
    assert (await system.gateway.get(agent, story.path)).status_code == 503
    await system.start("claims")
    assert (await story.read("service_agent"))["claim_no"] == story.claim["claim_no"]
