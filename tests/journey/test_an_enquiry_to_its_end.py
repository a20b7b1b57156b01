"""An enquiry that nobody can answer at once: promised, passed on, escalated, and in the end a claim or a complaint."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.claim_life import MovedClock, report
from tests.support.complaint_world import complaint
from tests.support.gateway import SignedIn, staff_by
from tests.support.journeys import move
from tests.support.system import System

BEGINS = "2026-06-08T09:00"
FIRST, SECOND = "320102", "320104"
HOURS = [["08:30", "12:00"], ["13:30", "17:30"]]
ASKED = {
    "channel": "phone", "question": "工人受伤了，怎么赔？", "asker": {"name": "欧阳岚", "phone": "13800001234"},
}  # fmt: skip


async def desks(system: System) -> None:
    """The head of the central branch staffs the desks of two units below."""
    head = await system.enter("department_head", "3201")
    for unit in (FIRST, SECOND):
        [one, *_] = staff_by("service_agent", unit)
        body = {"people": [{"staff_no": one["staff_no"], "full_time": True}], "hours": HOURS}
        answer = await system.gateway.call(head, "PUT", f"/v1/desks/{unit}", body)
        assert answer.status_code == 200, answer.text


async def asked(system: System, who: SignedIn, **changes: Any) -> str:
    answer = await system.gateway.post(who, "/v1/enquiries", ASKED | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def read(system: System, who: SignedIn, enquiry: str) -> dict[str, Any]:
    answer = await system.gateway.get(who, f"/v1/enquiries/{enquiry}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def act(system: System, who: SignedIn, enquiry: str, below: str, body: dict[str, Any]) -> httpx.Response:
    version = (await read(system, who, enquiry))["version"]
    return await system.gateway.post(who, f"/v1/enquiries/{enquiry}/{below}", body, version=version)


async def work_of(system: System, who: SignedIn, enquiry: str) -> set[str]:
    """Kinds of open work about the enquiry in this person's inbox."""
    answer = await system.gateway.get(who, "/v1/work-items?limit=200")
    assert answer.status_code == 200, answer.text
    return {one["kind"] for one in answer.json()["items"] if one["record"]["id"] == enquiry}


async def test_an_enquiry_is_promised_passed_on_escalated_and_becomes_a_claim(
    clock: MovedClock, system: System
) -> None:
    await desks(system)
    owner = await system.enter("service_agent", FIRST)
    enquiry = await asked(system, owner, kind="claim")
    promised = await act(system, owner, enquiry, "promises", {"told": "sms"})
    assert (promised.status_code, promised.json()["told"]["due_at"][:16]) == (201, "2026-06-09T09:00"), promised.text
    passed = {"to_unit_code": SECOND, "reason": "工地在该机构辖区"}
    assert (await act(system, owner, enquiry, "transfers", passed)).status_code == 201
    assert await work_of(system, owner, enquiry) == {"own_enquiry"}
    assert (await read(system, owner, enquiry))["owner"]["person_id"] == owner.id
    assert (await system.gateway.get(owner, "/v1/enquiries")).json()["items"] == []
    await _climbs(system, clock, enquiry)
    await _becomes_a_claim(system, enquiry)


async def _climbs(system: System, clock: MovedClock, enquiry: str) -> None:
    """Nobody answers: one level after the other is asked, each once."""
    for at, unit in (("2026-06-09T10:00", "3201"), ("2026-06-10T10:30", "32"), ("2026-06-11T11:00", "00")):
        move(system, clock, at)
        await system.tick("crm")
        await system.tick("crm")
        head = await system.enter("department_head", unit)
        shown = await read(system, head, enquiry)
        assert (shown["status"], shown["escalated_to"]) == ("escalated", unit)
        assert "escalated_enquiry" in await work_of(system, head, enquiry)
        assert sum(one["kind"] == "escalate" for one in shown["facts"]) == {"3201": 1, "32": 2, "00": 3}[unit]


async def _becomes_a_claim(system: System, enquiry: str) -> None:
    handler = await system.enter("service_agent", SECOND)
    done = await act(system, handler, enquiry, "conversions", {"to": "claim"})
    assert done.status_code == 201, done.text
    create = done.json()["told"]["create"]
    body = report(policy_no=None, unit_code=SECOND, origin=create["body"]["origin"])
    claim = await system.gateway.post(handler, create["href"], body)
    assert claim.status_code == 201, claim.text
    assert (await read(system, handler, enquiry))["status"] == "escalated", "it ends with the event, not before"
    await system.drain()
    shown = await read(system, handler, enquiry)
    assert (shown["status"], shown["led_to"]) == ("closed", {"kind": "claim", "id": claim.json()["id"]})
    assert shown["answered_in_time"] is False
    assert await work_of(system, handler, enquiry) == set()
    told = await system.gateway.get(handler, f"/v1/claims/{claim.json()['id']}")
    assert told.json()["origin"] == {"kind": "enquiry", "id": enquiry}
    owner = await system.enter("service_agent", FIRST)
    assert (await system.gateway.get(owner, f"/v1/enquiries/{enquiry}")).status_code == 404


async def test_a_dissatisfied_caller_becomes_a_complaint_and_the_enquiry_stays_linked(
    clock: MovedClock, system: System
) -> None:
    move(system, clock, "2026-06-12T10:00")
    agent = await system.enter("service_agent", FIRST)
    enquiry = await asked(system, agent, kind="consult", question="赔款为什么还没到账？")
    done = await act(system, agent, enquiry, "conversions", {"to": "complaint"})
    prefilled = done.json()["told"]["create"]["body"]
    assert (prefilled["content"], prefilled["channel"]) == ("赔款为什么还没到账？", "phone")
    answer = await system.gateway.post(agent, "/v1/complaints", complaint() | {"origin": prefilled["origin"]})
    assert answer.status_code == 201, answer.text
    await system.drain()
    shown = await read(system, agent, enquiry)
    assert (shown["status"], shown["led_to"]["kind"]) == ("closed", "complaint")
    history = await system.gateway.get(agent, f"/v1/enquiries/{enquiry}/history")
    assert [one["action"] for one in history.json()["items"]] == ["register", "convert", "close_source"]
