"""A complaint marks its claim until it is decided, and nobody who had a hand in the claim handles it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import legal_day, process_now
from tests.support.claim_life import report
from tests.support.complaint_world import REPLY, complaint
from tests.support.gateway import SignedIn
from tests.support.journeys import ClaimStory, ago, reported
from tests.support.system import System


async def about(system: System, story: ClaimStory) -> dict[str, Any]:
    """A complaint about the claim, taken in above it by somebody with no hand in it, its complainant known."""
    await system.drain()
    agent = await system.enter("service_agent", "3201")
    body = complaint(about={"claim_no": story.claim["claim_no"]})
    answer = await system.gateway.post(agent, "/v1/complaints", body)
    assert answer.status_code == 201, answer.text
    return await act(system, agent, answer.json(), "identity-checks", {"result": "confirmed"})


async def act(system: System, who: SignedIn, told: dict[str, Any], below: str, body: Any) -> dict[str, Any]:
    """One act on the complaint at its newest version; its new state."""
    answer = await system.gateway.post(who, f"/v1/complaints/{told['id']}/{below}", body, version=told["version"])
    assert answer.status_code == 201, f"{below}: {answer.text}"
    return answer.json()["complaint"]


async def test_a_complaint_marks_the_claim_until_it_is_decided(system: System) -> None:
    story = await reported(system, "320102", report(policy_no=None))
    told = await about(system, story)
    assert (await story.read())["complaints_open"] == 0
    await system.drain()
    assert (await story.read())["complaints_open"] == 1
    head = await system.enter("department_head", "32")
    told = await act(system, head, told, "assignments", {})
    read = (await system.gateway.get(head, f"/v1/complaints/{told['id']}")).json()
    officer = next(one for one in await _officers(system) if one.id == read["officer"]["person_id"])
    told = await act(system, officer, told, "investigations", {"step": "与客户通话", "contacted": True})
    told = await act(system, officer, told, "decisions", REPLY)
    assert (await story.read())["complaints_open"] == 1, "the mark ends with the event, not before"
    await system.drain()
    claim = await story.read()
    assert (claim["complaints_open"], claim["version"]) == (0, story.claim["version"])
    told = await act(
        system, officer, told, "notifications", {"method": "phone", "notified_at": ago(), "proof_reference": "REC-1"}
    )
    assert told["status"] == "notified"


async def _officers(system: System) -> list[SignedIn]:
    return [await system.enter("complaint_officer", "32", number) for number in (0, 1)]


@pytest.mark.abuse("B23")
async def test_an_officer_who_took_the_claim_in_does_not_handle_the_complaint_about_it(system: System) -> None:
    involved, other = await _officers(system)
    story = await _taken_in_by(system, involved)
    told = await about(system, story)
    head = await system.enter("department_head", "32")
    path = f"/v1/complaints/{told['id']}/officer-candidates"
    found = {one["person_id"]: one for one in (await system.gateway.get(head, path)).json()["items"]}
    assert (found[involved.id]["eligible"], bool(found[involved.id].get("reason"))) == (False, True)
    assert found[other.id]["eligible"] is True
    chosen = await system.gateway.post(
        head, f"/v1/complaints/{told['id']}/assignments", {"officer_person_id": involved.id}, version=told["version"]
    )
    assert chosen.status_code in (403, 409, 422), chosen.text
    told = await act(system, head, told, "assignments", {})
    read = (await system.gateway.get(head, f"/v1/complaints/{told['id']}")).json()
    assert read["officer"]["person_id"] == other.id


async def _taken_in_by(system: System, officer: SignedIn) -> ClaimStory:
    """The officer is also a service agent of the sub-branch and has taken the claim in as such."""
    gate = system.gateway
    administrator = await system.enter("security_admin", "32")
    version = (await gate.get(administrator, f"/v1/people/{officer.id}")).json()["version"]
    post = {"position": "service_agent", "unit_code": "320102", "from": legal_day(process_now()).isoformat()}
    path = f"/v1/people/{officer.id}/appointments"
    granted = await gate.post(administrator, path, post, version=version)
    assert granted.status_code == 201, granted.text
    again = await gate.enter_as(officer.login)
    [second] = [one for one in again.told["appointments"] if one["position"] == "service_agent"]
    switched = await gate.post(again, "/v1/session/appointment", {"appointment_id": second["id"]})
    assert switched.status_code == 200, switched.text
    taken = await gate.post(switched.json()["access_token"], "/v1/claims", report(policy_no=None))
    assert taken.status_code == 201, taken.text
    return ClaimStory(system, "320102", taken.json())
