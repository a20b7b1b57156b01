"""Who sees what, through the gateway, as people sign in, move and leave."""

from __future__ import annotations

from typing import Any

from gateway.organisation.tables import Appointment
from shared.clock import legal_day, process_now
from tests.support.claim_life import report
from tests.support.gateway import SignedIn
from tests.support.journeys import ClaimStory, ago, reported
from tests.support.system import System


async def test_a_colleague_of_the_next_unit_finds_nothing_and_who_stands_above_finds_it(system: System) -> None:
    story = await reported(system, "320102", report(policy_no=None))
    gate, number = system.gateway, story.claim["claim_no"]
    for position, unit in (("service_agent", "320104"), ("claims_approver", "3202"), ("surveyor", "320205")):
        stranger = await system.enter(position, unit)
        answers = [await gate.get(stranger, f"/v1/claims/{one}") for one in (story.claim["id"], stranger.id)]
        assert [one.status_code for one in answers] == [404, 404]
        same = [
            {name: value for name, value in one.json().items() if name not in ("instance", "request_id")}
            for one in answers
        ]
        assert same[0] == same[1]
        page = (await gate.get(stranger, f"/v1/claims?claim_no={number}&include_total=true")).json()
        assert (page["items"], page["total"]) == ([], 0)
        search = await gate.post(stranger, "/v1/claims/searches", {"claim_no": number})
        assert search.json()["items"] == []
        inbox = (await gate.get(stranger, "/v1/work-items")).json()["items"]
        assert story.claim["id"] not in {one["record"]["id"] for one in inbox}
        step = await gate.post(stranger, f"{story.path}/documents", {"items": [{"code": "id_card"}]}, version=1)
        assert step.status_code in (403, 404), step.text
    for position, unit in (("claims_approver", "3201"), ("claims_approver", "32"), ("claims_approver", "00")):
        assert (await gate.get(await system.enter(position, unit), story.path)).status_code == 200, unit


async def test_an_ended_appointment_and_a_transfer_hold_at_the_next_request(system: System) -> None:
    story, gate = await reported(system, "320102", report(policy_no=None)), system.gateway
    surveyor = await gate.enter("surveyor", "320102")
    assert (await gate.get(surveyor, story.path)).status_code == 200
    await _end_appointment(system, surveyor)
    answer = await gate.get(surveyor, story.path)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert (await gate.sign_in(surveyor.login)).json()["code"] == "no_appointment"

    await _appoint(system, surveyor, "surveyor", "320104")
    moved = await gate.enter_as(surveyor.login)
    assert moved.told["appointment"]["unit"]["code"] == "320104"
    assert (await gate.get(moved, story.path)).status_code == 404
    own = await reported(system, "320104", report(policy_no=None, unit_code=None))
    assert (await gate.get(moved, own.path)).status_code == 200
    await _a_task_opens_one_record_to_him(system, moved, story)


async def _end_appointment(system: System, who: SignedIn) -> None:
    [post] = await system.gateway.rows(Appointment.__table__, Appointment.person_id == who.id)
    await _as_administrator(system, who, "DELETE", f"appointments/{post['id']}", None)


async def _appoint(system: System, who: SignedIn, position: str, unit_code: str) -> None:
    today = legal_day(process_now()).isoformat()
    body = {"position": position, "unit_code": unit_code, "from": today}
    await _as_administrator(system, who, "POST", "appointments", body)


async def _as_administrator(system: System, who: SignedIn, method: str, below: str, body: Any) -> None:
    gate = system.gateway
    administrator = await system.enter("security_admin", "32")
    version = (await gate.get(administrator, f"/v1/people/{who.id}")).json()["version"]
    answer = await gate.call(administrator, method, f"/v1/people/{who.id}/{below}", body, version=version)
    assert answer.status_code in (200, 201), answer.text


async def _a_task_opens_one_record_to_him(system: System, who: SignedIn, story: ClaimStory) -> None:
    """Sent to survey this one claim of his old unit, he sees it and no other one, and no list shows it."""
    gate = system.gateway
    await system.drain()
    other = await reported(system, "320102", report(policy_no=None))
    await story.done("service_agent", "dispatches", {"surveyor_person_id": who.id})
    assert (await gate.get(who, story.path)).status_code == 200
    assert (await gate.get(who, other.path)).status_code == 404
    page = (await gate.get(who, f"/v1/claims?claim_no={story.claim['claim_no']}")).json()
    assert page["items"] == []
    inbox = (await gate.get(who, "/v1/work-items?assignee=me")).json()["items"]
    assert story.claim["id"] in {one["record"]["id"] for one in inbox}
    survey = {"surveyed_at": ago(), "participants": ["欧阳岚"], "findings": "地面湿滑。"}
    version = (await gate.get(who, story.path)).json()["version"]
    done = await gate.post(who, f"{story.path}/surveys", survey, version=version)
    assert done.status_code == 201, done.text
    assert (await gate.get(who, story.path)).status_code == 404, "the task is done"
