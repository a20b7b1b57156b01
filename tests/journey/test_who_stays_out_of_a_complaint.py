"""Nobody with an interest handles a complaint or hears of it: from its registration, at a change of hands, and whoever
acts for another; a new post opens nothing."""

from __future__ import annotations

from shared.clock import legal_day, process_now
from tests.support import delegating
from tests.support.complaint_story import ComplaintStory, officers, staff_no, taken_in, upload
from tests.support.gateway import SignedIn
from tests.support.journeys import ago
from tests.support.system import System

OPEN_AND_WORK = ["complaints.complaint.read", "complaints.complaint.investigate"]
STEP = {"step": "核查"}


async def nothing_of(story: ComplaintStory, who: SignedIn) -> None:
    """Neither the complaint nor its timeline, files, letters, list, work or events."""
    for below in ("", "/timeline", "/history", "/attachments", "/letters", "/officer-candidates"):
        assert (await story.seen_by(who, below)).status_code in (403, 404), below
    gate = story.system.gateway
    for path in ("/v1/complaints?limit=200", "/v1/events?limit=200"):
        assert story.told["id"] not in (await gate.get(who, path)).text, path


async def test_an_officer_named_at_the_registration_neither_gets_it_nor_hears_of_it(system: System) -> None:
    system.feed()
    named, other = await officers(system)
    story = await taken_in(system, about={"staff_no": [staff_no(named)]})
    await story.done("service_agent@3201", "identity-checks", {"result": "confirmed"})
    assert (await story.read())["recused"] >= 1
    candidates = (await story.read("department_head@32", "/officer-candidates"))["items"]
    assert {one["person_id"]: one.get("reason") for one in candidates}[named.id] == "recused"
    body = {"officer_person_id": named.id}
    refused = await story.refused(403, "recused", "department_head@32", "assignments", body)
    assert staff_no(named) not in str(refused)
    await story.done("department_head@32", "assignments", {})
    assert (await story.read())["officer"]["person_id"] == other.id
    await system.drain()
    await nothing_of(story, named)
    assert story.told["id"] in (await system.gateway.get(other, "/v1/events?limit=200")).text


async def test_an_officer_named_later_gives_it_back_and_does_not_get_it_again(system: System) -> None:
    story = await taken_in(system)
    officer = await story.in_work()
    other = next(one for one in await officers(system) if one.id != officer.id)
    paper = await upload(system, other)
    facts = {
        "facts": "专员曾答应投诉人不予记录。", "received_on": legal_day(process_now()).isoformat(), "told_at": ago(),
        "upload_ids": [paper], "staff_no": [staff_no(officer)],
    }  # fmt: skip
    await story.done(other, "new-facts", facts)
    read = await story.read()
    assert (read.get("officer"), "assign_officer" in await story.items()) == (None, True)
    body = {"officer_person_id": officer.id, "reason": "继续办理"}
    await story.refused(403, "recused", "department_head@32", "assignments", body)
    await story.done("department_head@32", "assignments", {})
    assert (await story.read())["officer"]["person_id"] == other.id
    await system.drain()
    await nothing_of(story, officer)


async def test_a_complaint_about_both_officers_of_the_branch_goes_to_head_office(system: System) -> None:
    both = await officers(system)
    story = await taken_in(system, about={"staff_no": [staff_no(one) for one in both]})
    await story.done("service_agent@3201", "identity-checks", {"result": "confirmed"})
    await story.done("department_head@32", "assignments", {})
    above = await system.enter("complaint_officer", "00")
    assert (await story.read())["officer"]["person_id"] == above.id
    for one in both:
        await nothing_of(story, one)


async def test_a_delegation_leads_nobody_to_what_either_of_the_two_stays_out_of(system: System) -> None:
    named, other = await officers(system)
    story = await taken_in(system, about={"staff_no": [staff_no(named)]})
    await story.done("service_agent@3201", "identity-checks", {"result": "confirmed"})
    await story.done("department_head@32", "assignments", {})
    for delegator, delegate in ((named, other), (other, named)):
        acting = await _acting(system, delegator, delegate)
        await nothing_of(story, acting)
        answer = await story.step(acting, "investigations", STEP)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    await story.done(other, "investigations", STEP)


async def _acting(system: System, delegator: SignedIn, delegate: SignedIn) -> SignedIn:
    given = await delegating.granted(
        system.gateway, delegator, delegate, permissions=OPEN_AND_WORK, limit=None, reason="休假"
    )
    again = await system.gateway.enter_as(delegate.login)
    return await delegating.acting(system.gateway, again, given["id"])


async def test_a_new_post_opens_nothing_that_was_closed(system: System) -> None:
    named, _ = await officers(system)
    story, other = await taken_in(system, about={"staff_no": [staff_no(named)]}), await taken_in(system)
    gate, administrator = system.gateway, await system.enter("security_admin", "00")
    version = (await gate.get(administrator, f"/v1/people/{named.id}")).json()["version"]
    post = {"position": "complaint_officer", "unit_code": "00", "from": legal_day(process_now()).isoformat()}
    granted = await gate.post(administrator, f"/v1/people/{named.id}/appointments", post, version=version)
    assert granted.status_code == 201, granted.text
    again = await gate.enter_as(named.login)
    second = next(one for one in again.told["appointments"] if one["unit"]["code"] == "00")
    switched = await delegating.switch(gate, again, appointment_id=second["id"])
    above = SignedIn(again.login, switched.json()["access_token"], again.refresh_token, again.told)
    await system.drain()
    await nothing_of(story, above)
    assert (await other.seen_by(above)).status_code == 200, "of other complaints he sees the whole country's"
