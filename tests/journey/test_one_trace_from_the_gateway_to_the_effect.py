"""One trace id joins a request at the gateway, the event it left, and what another service did about it."""

from __future__ import annotations

import secrets

from embedded.demonstration.story import story_policies
from shared.clock import legal_day, process_now
from tests.support.claim_life import report
from tests.support.journeys import CHEMICAL, reported
from tests.support.system import System


def trace_of(row: object) -> str:
    return row["event"]["traceparent"].split("-")[1]  # type: ignore[index]


async def test_a_policy_brought_in_opens_a_key_risk_file_within_one_trace(system: System) -> None:
    body = story_policies(legal_day(process_now()))[CHEMICAL]
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    path = f"/v1/core/policies/{body.pop('policy_no')}"
    headers = {"traceparent": f"00-{trace}-{span}-01"}
    answer = await system.gateway.call(await system.core(), "PUT", path, body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    policy_id = answer.json()["id"]
    left = await system.told("policy", policy_id)
    assert left
    assert {trace_of(one) for one in left} == {trace}
    assert span not in str([one["event"]["traceparent"] for one in left]), "every part works under a span of its own"
    await system.drain()
    engineer = await system.enter("risk_engineer", "3201")
    [file] = (await system.gateway.get(engineer, "/v1/key-risk-files")).json()["items"]
    opened = await system.told("risk", file["id"])
    assert [one["subject"] for one in opened] == ["risk.key_risk_file.opened.v1"]
    assert {trace_of(one) for one in opened} == {trace}


async def test_a_request_without_a_trace_begins_one_and_a_malformed_one_is_not_carried_on(system: System) -> None:
    traces = set()
    for given in (None, "00-zz-1-01", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"):
        headers = {} if given is None else {"traceparent": given}
        story = await reported(system, "320102", report(policy_no=None), headers=headers)
        left = await system.told("claims", story.claim["id"])
        [trace] = {trace_of(one) for one in left}
        assert len(trace) == 32
        assert int(trace, 16) > 0
        traces.add(trace)
    assert len(traces) == 3
