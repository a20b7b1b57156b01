"""A loss outside the insured address, determined on 10 April 2026: refused, told, explained, complained of.

And the other end of it: where nobody ever acknowledged the exclusion, it is no ground at all.
"""

from __future__ import annotations

from typing import Any

from tests.support.claim_life import MovedClock, report
from tests.support.complaint_world import complaint
from tests.support.journeys import PUBLIC, ClaimStory, ago, move, reported, sold
from tests.support.system import System

BEGINS = "2026-03-26T09:00"
UNIT, CENTRAL, BRANCH = "320102", "3201", "32"
FACTS: dict[str, Any] = {
    "liability_form": "several",
    "fault_ratio": "1.00",
    "claimants": [
        {"ref": "A", "kind": "third_party", "name": "司徒海", "losses": [{"kind": "medical", "amount": "8000.00"}]}
    ],
}
GROUNDS = {"reason_code": "outside_address", "reason": "事故发生在保险单载明地址之外。", "clause_ids": ["EX-03"]}


async def told(system: System, number: str, **changes: Any) -> ClaimStory:
    """A public liability policy with a number of its own, and the loss two hours before."""
    policy = await sold(system, PUBLIC, policy_no=number, change={"kind": "issue", "no": number}, **changes)
    assert policy["unit_code"] == UNIT
    return await reported(system, UNIT, report(policy_no=number, unit_code=None, place="保险地址以外的广场"))


async def at_sheet(clock: MovedClock, story: ClaimStory, facts: Any = FACTS) -> dict[str, Any]:
    await story.up_to_registration("8000.00")
    move(story.system, clock, "2026-04-09T10:00")
    await story.done("adjuster", "losses", facts, method="PUT")
    await story.papers()
    return await story.done("adjuster", "calculation-sheets", {})


async def test_a_loss_outside_the_address_is_refused_told_and_explained(clock: MovedClock, system: System) -> None:
    move(system, clock, BEGINS)
    story = await told(system, "PLL2026-32-900001")
    sheet = await at_sheet(clock, story)
    assert sheet["gross_amount"] == "8000.00"
    move(system, clock, "2026-04-10T11:00")
    await _refused_by_the_branch(story, sheet)
    move(system, clock, "2026-04-12T09:30")
    await _told_in_writing(story)
    await _explained(story)
    move(system, clock, "2026-05-11T15:00")
    await _complained_of(story)


async def _refused_by_the_branch(story: ClaimStory, sheet: dict[str, Any]) -> None:
    """8,000.00 the sub-branch could pay; to refuse them takes the branch."""
    opinion, decision = (story.step_on(sheet, kind, "refuse", **GROUNDS) for kind in ("opinion", "decision"))
    for unit in (UNIT, CENTRAL):
        await story.refused(403, "below_required_level", f"claims_approver@{unit}", "approvals", decision)
    without = opinion | {"reason_code": None, "reason": None}
    await story.refused(422, "reason_code_required", f"claims_approver@{UNIT}", "approvals", without)
    for unit in (UNIT, CENTRAL):
        await story.done(f"claims_approver@{unit}", "approvals", opinion)
    no_clause = decision | {"clause_ids": []}
    await story.refused(422, "clauses_required", f"claims_approver@{BRANCH}", "approvals", no_clause)
    done = await story.done(f"claims_approver@{BRANCH}", "approvals", decision)
    assert done["claim"]["status"] == "decided"
    claim = await story.read()
    assert (claim["outcome"], claim["payable_amount"]) == ("refused", "0.00")
    [notice] = [one for one in claim["deadlines"] if one["id"] == "DL-CL-2"]
    assert (notice["due_on"], notice["due_legal_on"]) == ("2026-04-13", "2026-04-13")
    agreed = {"agreed_at": ago()}
    await story.refused(409, "nothing_to_agree", "adjuster", "settlement-agreements", agreed)


async def _told_in_writing(story: ClaimStory) -> None:
    served = {"kind": "refuse", "served_at": ago(), "method": "letter"}
    await story.refused(409, "state_conflict", "adjuster", "closures", {})
    for without in ({"reason": " "}, {"clause_ids": []}, {"clause_ids": ["EX-99"]}):
        await story.refused(422, "refusal_grounds_missing", "adjuster", "notices", served | without)
    early = served | {"served_at": "2026-04-09T10:00:00+08:00"}
    await story.refused(422, "before_decision", "adjuster", "notices", early)
    await story.refused(409, "notice_kind_differs", "adjuster", "notices", served | {"kind": "pay"})
    told = await story.done("adjuster", "notices", served)
    assert (told["claim"]["status"], told["clause_ids"]) == ("refusal_served", GROUNDS["clause_ids"])
    assert told["reason"] == GROUNDS["reason"]
    await story.refused(409, "notice_served_already", "adjuster", "notices", served)
    await story.system.drain()
    settled = [one for one in await story.system.told("claims", story.claim["id"]) if "settled" in one["subject"]]
    assert [one["event"]["data"]["outcome"] for one in settled] == ["refused"]


async def _explained(story: ClaimStory) -> None:
    """Who, when, and the customer's words: without it a result below what was claimed does not close."""
    refused = await story.step("adjuster", "closures", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "closing_refused")
    assert "explanation_missing" in refused.json()["open"]
    told = {"explained_at": ago(), "method": "phone", "content": "事故地点不在承保地址内", "reply": "不认可"}
    explained = await story.done("adjuster", "explanations", told)
    assert (explained["content"], explained["reply"]) == (told["content"], told["reply"])
    adjuster = await story.person("adjuster")
    assert explained["explained_by"]["person_id"] == adjuster.id


async def _complained_of(story: ClaimStory) -> None:
    """The complaint belongs to the branch, is due in 15 days, and marks the claim without a new version of it."""
    system, before = story.system, await story.read()
    assert before["complaints_open"] == 0
    agent = await story.person(f"service_agent@{CENTRAL}")
    body = complaint(about={"claim_no": story.claim["claim_no"]}, content="不同意拒赔。", cause="refusal_dispute")
    answer = await system.gateway.post(agent, "/v1/complaints", body)
    assert answer.status_code == 201, answer.text
    read = await system.gateway.get(await story.person(f"department_head@{BRANCH}"), _complaint(answer.json()))
    assert (read.json()["due_on"], read.json()["owner_path"]) == ("2026-05-26", "00.32"), read.text
    await system.drain()
    after = await story.read()
    assert (after["complaints_open"], after["version"], after["status"]) == (1, before["version"], "refusal_served")


def _complaint(told: dict[str, Any]) -> str:
    return f"/v1/complaints/{told['id']}"


async def test_an_exclusion_that_nobody_acknowledged_is_no_ground(clock: MovedClock, system: System) -> None:
    """The sheet flags it, the approval waits until it is decided, and without the clause all of it is paid."""
    move(system, clock, BEGINS)
    silent = [{"clause_id": "EX-03", "text_version": "2026-01", "acknowledged_at": None}]
    story = await told(system, "PLL2026-32-900002", exclusions=silent)
    damage = {"ref": "C", "kind": "third_party", "losses": [{"kind": "property", "amount": "6500.00"}]}
    sheet = await at_sheet(clock, story, FACTS | {"claimants": [damage]})
    assert (sheet["gross_amount"], "exclusion_not_acknowledged" in sheet["flags"]) == ("4500.00", True)
    approval = await story.read(below="/approval")
    assert approval["blocked_by"] == ["exclusion_not_acknowledged"]
    decision = story.step_on(sheet, "decision", clause_ids=["PL-02"])
    await story.refused(409, "exclusion_not_acknowledged", f"claims_approver@{UNIT}", "approvals", decision)
    refuse = story.step_on(sheet, "opinion", "refuse", **GROUNDS)
    await story.refused(409, "exclusion_not_acknowledged", f"claims_approver@{UNIT}", "approvals", refuse)
    without = await story.done("adjuster", "calculation-sheets", {"disregarded_clause_ids": ["EX-03"]})
    assert (without["gross_amount"], without["sheet_version"]) == ("6500.00", 2)
    assert "exclusion_not_acknowledged" not in without["flags"]
    await story.refused(409, "sheet_superseded", f"claims_approver@{UNIT}", "approvals", decision)
    whole = story.step_on(without, "decision", clause_ids=["PL-02"])
    done = await story.done(f"claims_approver@{UNIT}", "approvals", whole)
    assert done["claim"]["status"] == "decided"
