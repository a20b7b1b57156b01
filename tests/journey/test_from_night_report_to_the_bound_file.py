"""A wet floor at night, three people hurt: one claim of a public liability policy from the first call to the shelf.

Figures: 226,400.00 + 15,785.35 + 2,550.00 and 15,000.00 for the lawyer are 259,735.35, which the branch decides.
"""

from __future__ import annotations

from typing import Any

from tests.support.calculations import L1_FACTS
from tests.support.claim_life import report
from tests.support.journeys import PUBLIC, ClaimStory, ago, reported, sold
from tests.support.system import System

GROSS = "259735.35"
INJURED = [{"name": "欧阳岚"}, {"name": "司徒海"}]


async def test_from_the_night_report_to_the_bound_file(system: System) -> None:
    policy = await sold(system, PUBLIC)
    story = await reported(
        system, "320102", report(policy_no=policy["policy_no"], unit_code=None, injured=INJURED, injured_count=2)
    )
    assert (story.claim["status"], story.claim["policy_match"]) == ("reported", "matched")
    sheet = await story.up_to_sheet(L1_FACTS, "300000.00")
    assert sheet["gross_amount"] == GROSS
    await _decided_by_the_branch(story, sheet)
    await _paid(story)
    await _closed_and_bound(story)
    await system.drain()
    await _told_everywhere(system, story, policy)


async def _decided_by_the_branch(story: ClaimStory, sheet: dict[str, Any]) -> None:
    """Two opinions and a decision, in this order and by these people alone."""
    opinion, decision = story.step_on(sheet, "opinion"), story.step_on(sheet, "decision")
    await story.refused(403, "action_not_permitted", "adjuster", "approvals", decision)
    await story.refused(403, "authority_exceeded", "claims_approver", "approvals", decision)
    await story.refused(403, "authority_exceeded", "claims_approver@3201", "approvals", decision)
    await story.refused(409, "wrong_step", "claims_approver@3201", "approvals", opinion)
    await story.refused(409, "wrong_step", "claims_approver@32", "approvals", decision)
    await story.done("claims_approver", "approvals", opinion)
    await story.refused(409, "wrong_step", "claims_approver", "approvals", opinion)
    await story.done("claims_approver@3201", "approvals", opinion)
    await story.refused(409, "wrong_step", "claims_approver@32", "approvals", opinion)
    other = decision | {"amount": "259735.34"}
    answer = await story.step("claims_approver@32", "approvals", other)
    assert answer.status_code == 409, answer.text
    await story.done("claims_approver@32", "approvals", decision)
    claim = await story.read()
    assert (claim["status"], claim["gross_amount"]) == ("decided", GROSS)
    steps = (await story.read(below="/approval"))["chain"]
    assert [(one["unit_code"], one["kind"]) for one in steps] == [
        ("320102", "opinion"), ("3201", "opinion"), ("32", "decision"),
    ]  # fmt: skip


async def _paid(story: ClaimStory) -> None:
    await story.done("adjuster", "settlement-agreements", {"agreed_at": ago()})
    served = {"kind": "partial", "served_at": ago(), "method": "letter"}
    await story.done("adjuster", "notices", served)
    explained = {"explained_at": ago(), "method": "phone", "content": "责任比例与免赔额", "reply": "已了解"}
    await story.done("adjuster", "explanations", explained)
    for ref, amount in (("A", "226400.00"), ("B", "15785.35"), ("C", "2550.00")):
        payee = {"kind": "third_party", "name": f"受害人{ref}", "account": f"62220000111122{ord(ref)}"}
        told = await story.pay(payee, amount, claimant_ref=ref)
    lawyer = {"kind": "expense_creditor", "name": "某律师事务所", "account": "9558800001"}
    assert (await story.read())["status"] == "paying"
    told = await story.pay(lawyer, "15000.00")
    assert told["claim"]["status"] == "paid"


async def _closed_and_bound(story: ClaimStory) -> None:
    archivist = await story.person("archivist")
    pages = {"pages": [{"title": "理算书", "page_count": 3}], "archivist_person_id": archivist.id}
    early = await story.step("archivist", "file", pages)
    assert early.status_code == 409, early.text
    early = await story.step("adjuster", "closures", {})
    assert (early.status_code, early.json()["open"]) == (409, ["task:obtain_consent"])
    missing = (await story.read(below="/documents"))["consents_missing"]
    for ref in missing:
        given = {"claimant_ref": ref, "basis": "consent", "obtained_at": ago()}
        await story.done("service_agent", "consents", given)
    await story.done("adjuster", "closures", {})
    bound = await story.done("archivist", "file", pages)
    assert bound["volume_no"].endswith("LI-000001")
    again = await story.step("archivist", "file", pages)
    assert again.status_code == 409, again.text
    assert (await story.read("archivist", "/file/manifest"))["volume_no"] == bound["volume_no"]


async def _told_everywhere(system: System, story: ClaimStory, policy: dict[str, Any]) -> None:
    """What the other services made of it, each read by its own people."""
    gate = system.gateway
    agent = await story.person("service_agent")
    customer = (await gate.get(agent, "/v1/customers?core_no=C0001")).json()["items"][0]["id"]
    past = (await gate.get(agent, f"/v1/customers/{customer}/timeline?limit=200")).json()["items"]
    kinds = {one["kind"] for one in past if one["about"]["id"] == story.claim["id"]}
    assert {"claims.claim.reported", "claims.claim.registered", "claims.claim.settled"} <= kinds, kinds
    visits = (await gate.get(agent, "/v1/return-visits")).json()["items"]
    drawn = {one["kind"] for one in visits if one["about"]["id"] == story.claim["id"]}
    assert {"claim_settlement"} <= drawn <= {"claim_settlement", "survey_promptness"}

    [seen] = (await gate.get(agent, f"/v1/policies?policy_no={policy['policy_no']}")).json()["items"]
    left = (await gate.get(agent, f"/v1/policies/{seen['id']}/remaining-limits")).json()
    aggregate = next(one for one in left["items"] if one["limit_name"] == "aggregate_limit")
    assert (aggregate["used"], aggregate["remaining"]) == ("244735.35", "9755264.65")
    losses = (await gate.get(agent, f"/v1/policies/{seen['id']}/loss-history")).json()["items"]
    assert [one["claim_id"] for one in losses] == [story.claim["id"]]

    engineer = await system.enter("risk_engineer", "3201")
    visit = (await gate.get(engineer, f"/v1/inspections?customer_id={customer}")).json()["items"][0]
    read = (await gate.get(engineer, f"/v1/inspections/{visit['id']}")).json()
    assert [one["claim_id"] for one in read["claims"]] == [story.claim["id"]], read
