"""Whoever acts for somebody who must stay out of a complaint stays out too; what pickers are told of officers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.clock import process_now
from shared.kernel import kernel
from tests.support.complaint_world import AGENT, CLAIM_NO, DEPUTY, HEAD, OFFICER, act, know_claim, registered
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

ENTRIES, OUTBOX = kernel.tables["audit_entries"], kernel.tables["outbox"]
STEP = {"step": "核查"}


async def test_a_delegate_of_a_recused_officer_finds_as_little_as_the_officer(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints, seller=DEPUTY)
    told = await registered(complaints, about={"claim_no": CLAIM_NO})
    told = await act(complaints, AGENT, told, "identity-checks", {"result": "confirmed"})
    told = await act(complaints, HEAD, told, "assignments", {"officer_person_id": str(OFFICER.person_id)})
    path, events = f"/v1/complaints/{told['id']}/investigations", len(await complaints.rows(OUTBOX))
    standing_in = actor("complaint_officer", "00.32", name="stand-in")
    for who in (DEPUTY, replace(standing_in, on_behalf_of=DEPUTY.person_id, delegation_id=person("grant"))):
        answer = await complaints.post(who, path, STEP, version=told["version"])
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), "not even that there is a complaint"
    assert len(await complaints.rows(ENTRIES, outcome="refused")) == 2
    assert len(await complaints.rows(OUTBOX)) == events
    for_officer = replace(standing_in, on_behalf_of=OFFICER.person_id, delegation_id=person("grant"))
    assert (await complaints.post(for_officer, path, STEP, version=told["version"])).status_code == 201


async def test_a_delegate_changes_nothing_that_he_or_the_delegator_registered(complaints: ServiceUnderTest) -> None:
    told = await registered(complaints)
    path = f"/v1/complaints/{told['id']}/identity-checks"
    body, grant = {"result": "confirmed"}, person("grant")
    other = actor("service_agent", AGENT.scope, name="other")
    for who in (
        replace(other, on_behalf_of=AGENT.person_id, delegation_id=grant),
        replace(AGENT, on_behalf_of=other.person_id, delegation_id=grant),
    ):
        answer = await complaints.post(who, path, body, version=told["version"])
        assert (answer.status_code, answer.json()["conflicting_duty"]) == (403, "maker")
    third = replace(
        actor("service_agent", AGENT.scope, name="third"), on_behalf_of=other.person_id, delegation_id=grant
    )
    assert (await complaints.post(third, path, body, version=told["version"])).status_code == 201


async def test_a_delegation_is_over_by_the_clock_of_the_transaction(complaints: ServiceUnderTest) -> None:
    told = await registered(complaints)
    path, body = f"/v1/complaints/{told['id']}/identity-checks", {"result": "confirmed"}
    who = replace(
        actor("service_agent", AGENT.scope, name="other"), on_behalf_of=person("absent"), delegation_id=person("grant")
    )
    over = replace(who, acting_until=process_now() - timedelta(milliseconds=1))
    answer = await complaints.post(over, path, body, version=told["version"])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    [entry] = await complaints.rows(ENTRIES, outcome="refused")
    assert f'"on_behalf_of":"{person("absent")}"' in entry["entry"]
    assert (await complaints.get(over, f"/v1/complaints/{told['id']}")).status_code == 401
    holds = replace(who, acting_until=process_now() + timedelta(seconds=30))
    assert (await complaints.post(holds, path, body, version=told["version"])).status_code == 201


async def test_pickers_are_told_what_an_assignment_would_answer(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints, seller=DEPUTY)
    told = await registered(complaints, about={"claim_no": CLAIM_NO})
    asked = {
        "person_id": [str(one.person_id) for one in (OFFICER, DEPUTY, AGENT)], "collection": "complaints",
        "record_id": told["id"], "duty": "handle",
    }  # fmt: skip
    found = (await complaints.call(HEAD, "GET", "/internal/assignees", params=asked)).json()
    verdicts = {one["person_id"]: (one["eligible"], one.get("reason", {}).get("code")) for one in found["items"]}
    assert verdicts == {
        str(OFFICER.person_id): (True, None), str(DEPUTY.person_id): (False, "recused"),
        str(AGENT.person_id): (False, "not_an_officer"),
    }  # fmt: skip
    stranger = actor("department_head", "00.33")
    hidden = (await complaints.call(stranger, "GET", "/internal/assignees", params=asked)).json()
    assert (hidden["found"], hidden["items"]) == (False, [])
    unknown = (await complaints.call(HEAD, "GET", "/internal/assignees", params=asked | {"duty": "sweep"})).json()
    assert (unknown["known_duty"], unknown["items"]) == (False, [])
