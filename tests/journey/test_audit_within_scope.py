"""The audit trail: what leaves an entry, and that an auditor of a branch reads the branch's and no other."""

from __future__ import annotations

from typing import Any

from tests.support.claim_life import report
from tests.support.delegating import granted, revoke
from tests.support.gateway import SignedIn
from tests.support.journeys import reported
from tests.support.system import System


async def _entries(system: System, who: SignedIn, query: str = "") -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        answer = await system.gateway.get(who, f"/v1/audit-entries?limit=200&{query}{cursor}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json()['next_cursor']}"


def _acts(entries: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["entry"]["action"], one["entry"]["outcome"]) for one in entries}


async def test_sign_ins_refusals_reveals_and_changes_of_authority_are_entries_at_their_unit(system: System) -> None:
    branch, house = await system.enter("auditor", "32"), await system.enter("auditor", "00")
    agent = await system.gateway.enter("service_agent", "3201")
    assert (await system.gateway.sign_in(agent.login, "Falsches-Wort-99")).status_code == 401
    story = await reported(system, "3201", report(unit_code=None))
    revealed = await system.gateway.post(
        agent, f"{story.path}/reveals", {"field": "reporter.phone", "purpose": "核对报案人"}
    )
    assert revealed.status_code == 201, revealed.text
    refused = await system.gateway.post(agent, f"{story.path}/approvals", {"kind": "opinion"}, version=1)
    assert refused.status_code == 403
    head, deputy = await system.gateway.enter("department_head", "3201"), await system.enter("department_head", "3202")
    made = await granted(system.gateway, head, deputy, permissions=["claims.claim.read"], limit=None)
    assert (await revoke(system.gateway, head, made)).status_code == 200
    at_unit = _acts(await _entries(system, branch, "unit_code=3201"))
    assert at_unit >= {
        ("sign_in", "done"), ("sign_in", "refused"), ("reveal", "done"), ("report", "done"), ("grant", "done"),
        ("revoke", "done"), ("POST /v1/claims/{claim_id}/approvals", "refused"),
    }  # fmt: skip
    assert _acts(await _entries(system, house, "unit_code=3201")) == at_unit
    assert "Falsches-Wort-99" not in str(await _entries(system, house, "action=sign_in"))


async def test_an_auditor_of_a_branch_reads_no_entry_above_or_beside_it(system: System) -> None:
    branch, house = await system.enter("auditor", "32"), await system.enter("auditor", "00")
    await system.gateway.sign_in("nobody", "wrong")
    mine, everything = await _entries(system, branch), await _entries(system, house)
    assert {one["entry"]["org_path"].split(".")[:2] == ["00", "32"] for one in mine} == {True}
    assert {one["entry"]["org_path"] for one in everything} > {one["entry"]["org_path"] for one in mine}
    verdict = (await system.gateway.get(branch, "/v1/audit-entries/verification")).json()
    assert verdict["intact"] is True
    assert {one["chain"].partition(":")[2].split(".")[:2] == ["00", "32"] for one in verdict["items"]} == {True}
    above = await system.gateway.get(branch, "/v1/audit-entries?unit_code=00")
    assert above.json()["items"] == []
    wholes = (await system.gateway.get(house, "/v1/audit-entries/verification")).json()
    assert (wholes["intact"], "partial" in wholes) == (True, False)


async def test_the_filters_of_the_trail_narrow_it(system: System) -> None:
    house = await system.enter("auditor", "00")
    agent = await system.gateway.enter("service_agent", "3201")
    story = await reported(system, "3201", report(unit_code=None))
    claim = story.claim["id"]
    by_object = await _entries(system, house, f"object_id={claim}")
    assert {one["entry"]["object_id"] for one in by_object} == {claim}
    for query, name, value in (
        ("object_type=claim", "object_type", "claim"),
        ("action=report", "action", "report"),
        ("outcome=refused", "outcome", "refused"),
        (f"person_id={agent.id}", "person_id", agent.id),
    ):
        found = await _entries(system, house, query)
        assert {one["entry"][name] for one in found} <= {value}, query
    moment = by_object[0]["at"]
    later = await system.gateway.call(house, "GET", "/v1/audit-entries", params={"at[lt]": moment, "object_id": claim})
    assert later.json()["items"] == []
    unknown = await system.gateway.get(house, "/v1/audit-entries?objekt=1")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_parameter")
