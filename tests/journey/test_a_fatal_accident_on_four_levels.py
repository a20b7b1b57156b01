"""Three workers in one accident of 20 May 2026, one of them dead: 1,083,120.00 go up four levels, by no shorter way.

625,440.00 (death and medical) + 420,000.00 + 37,680.00 under an employer's liability cover with 1,100,000.00 left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.clock import legal_day, process_now
from tests.support.calculations import L2_FACTS
from tests.support.claim_life import MovedClock, report
from tests.support.gateway import SignedIn
from tests.support.journeys import EMPLOYERS, ClaimStory, move, reported, sold
from tests.support.system import System

BEGINS = "2026-05-20T16:00"
UNIT, CENTRAL, BRANCH, HEAD = "320104", "3201", "32", "00"
LOSS_AT = "2026-05-20T14:30:00+08:00"
GROSS = "1083120.00"
DEAD, *HURT = L2_FACTS["claimants"]
AT_THE_LIMIT = {
    "claimants": [
        DEAD | {"losses": [{"kind": "death"}]},
        # 60 % of 600,000 and (50,200 − 200) × 80 %: with the death exactly 1,000,000
        HURT[0] | {"losses": [{"kind": "disability", "grade": 4}, {"kind": "medical", "amount": "50200.00"}]},
    ]
}


async def sold_as(system: System, number: str, **changes: Any) -> str:
    """An employer's liability policy of the same kind with a number and an aggregate of its own."""
    policy = await sold(system, EMPLOYERS, policy_no=number, change={"kind": "issue", "no": number}, **changes)
    assert policy["unit_code"] == UNIT
    return number


async def told(system: System, number: str, **changes: Any) -> ClaimStory:
    """The accident, reported from the unit by phone."""
    hurt = {"injured": [], "injured_count": 2, "death_count": 1, "estimated_amount": "1000000.00"}
    body = report(policy_no=number, unit_code=None, loss_at=LOSS_AT, **hurt)
    return await reported(system, UNIT, body | changes)


async def at_sheet(clock: MovedClock, story: ClaimStory, facts: Any, reserve: str) -> dict[str, Any]:
    """Surveyed the next day, calculated three weeks later."""
    move(story.system, clock, "2026-05-21T10:00")
    await story.up_to_registration(reserve)
    move(story.system, clock, "2026-06-10T09:30")
    await story.done("adjuster", "losses", facts, method="PUT")
    await story.papers()
    return await story.done("adjuster", "calculation-sheets", {})


async def test_three_workers_of_one_accident_go_up_four_levels(clock: MovedClock, system: System) -> None:
    move(system, clock, BEGINS)
    story = await told(system, await sold_as(system, "PEL2026-32-900001"))
    sheet = await at_sheet(clock, story, L2_FACTS, "1100000.00")
    assert sheet["gross_amount"] == GROSS
    opinion, decision = (story.step_on(sheet, kind, clause_ids=["EL-02"]) for kind in ("opinion", "decision"))
    for unit in (UNIT, CENTRAL, BRANCH):
        await story.refused(403, "authority_exceeded", f"claims_approver@{unit}", "approvals", decision)
    await story.done(f"claims_approver@{UNIT}", "approvals", opinion)
    # the central branch is skipped by the branch, and by the head office
    await story.refused(409, "wrong_step", f"claims_approver@{BRANCH}", "approvals", opinion)
    await story.refused(409, "wrong_step", f"claims_approver@{HEAD}", "approvals", decision)
    await story.done(f"claims_approver@{CENTRAL}", "approvals", opinion)
    await _nobody_stands_on_two_levels(story, opinion)
    await _a_new_sheet_begins_anew(story, opinion)


async def _nobody_stands_on_two_levels(story: ClaimStory, opinion: dict[str, Any]) -> None:
    """Whoever gave the central branch's opinion is appointed at the branch as well, and is refused there."""
    gate = story.system.gateway
    twice = await story.person(f"claims_approver@{CENTRAL}")
    administrator = await story.person(f"security_admin@{BRANCH}")
    version = (await gate.get(administrator, f"/v1/people/{twice.id}")).json()["version"]
    post = {"position": "claims_approver", "unit_code": BRANCH, "from": legal_day(process_now()).isoformat()}
    granted = await gate.post(administrator, f"/v1/people/{twice.id}/appointments", post, version=version)
    assert granted.status_code == 201, granted.text
    again = await gate.enter_as(twice.login)
    [second] = [one for one in again.told["appointments"] if one["unit"]["code"] == BRANCH]
    switched = await gate.post(again, "/v1/session/appointment", {"appointment_id": second["id"]})
    assert switched.status_code == 200, switched.text
    token = switched.json()["access_token"]
    await _refused_to(story, token, 403, "separation_of_duties", opinion)
    story.system.forget_sign_ins()
    await story.done(f"claims_approver@{BRANCH}", "approvals", opinion)


async def _refused_to(story: ClaimStory, who: SignedIn | str, status: int, code: str, body: dict[str, Any]) -> None:
    version = (await story.read())["version"]
    answer = await story.system.gateway.post(who, f"{story.path}/approvals", body, version=version)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def _a_new_sheet_begins_anew(story: ClaimStory, opinion: dict[str, Any]) -> None:
    """After three opinions on the first sheet a second one is made: all of them are void, and given again on it."""
    second = await story.done("adjuster", "calculation-sheets", {})
    assert (second["sheet_version"], second["gross_amount"]) == (2, GROSS)
    approval = await story.read(below="/approval")
    assert (approval["current_step"], len(approval["voided"])) == (1, 3)
    await story.refused(409, "sheet_superseded", f"claims_approver@{UNIT}", "approvals", opinion)
    opinion, decision = (story.step_on(second, kind, clause_ids=["EL-02"]) for kind in ("opinion", "decision"))
    await story.refused(409, "wrong_step", f"claims_approver@{HEAD}", "approvals", decision)
    for unit in (UNIT, CENTRAL, BRANCH):
        await story.done(f"claims_approver@{unit}", "approvals", opinion)
    done = await story.done(f"claims_approver@{HEAD}", "approvals", decision)
    assert (done["claim"]["status"], done["missing"]) == ("decided", [])
    chain = (await story.read(below="/approval"))["chain"]
    assert [(one["unit_code"], one["kind"]) for one in chain] == [
        (UNIT, "opinion"), (CENTRAL, "opinion"), (BRANCH, "opinion"), (HEAD, "decision"),
    ]  # fmt: skip


async def test_exactly_at_its_limit_the_branch_decides_with_its_head_of_department(
    clock: MovedClock, system: System
) -> None:
    move(system, clock, BEGINS)
    story = await told(system, await sold_as(system, "PEL2026-32-900002"))
    sheet = await at_sheet(clock, story, AT_THE_LIMIT, "1000000.00")
    assert sheet["gross_amount"] == "1000000.00"
    opinion, decision = (story.step_on(sheet, kind, clause_ids=["EL-02"]) for kind in ("opinion", "decision"))
    for unit in (UNIT, CENTRAL):
        await story.done(f"claims_approver@{unit}", "approvals", opinion)
    signed = await story.done(f"claims_approver@{BRANCH}", "approvals", decision)
    assert (signed["claim"]["status"], signed["missing"]) == ("in_approval", ["department_head"])
    signed = await story.done(f"department_head@{BRANCH}", "approvals", decision | {"kind": "cosignature"})
    assert signed["claim"]["status"] == "decided"


async def test_one_accident_in_two_claims_goes_as_high_as_the_whole(clock: MovedClock, system: System) -> None:
    move(system, clock, BEGINS)
    number = await sold_as(system, "PEL2026-32-900003")
    first = await told(system, number, injured_count=0)
    second = await told(system, number, death_count=0, loss_at="2026-05-20T15:00:00+08:00")
    assert first.claim["accident_id"] == second.claim["accident_id"]
    one = await at_sheet(clock, first, {"claimants": [DEAD]}, "630000.00")
    move(system, clock, "2026-05-21T11:00")
    other = await at_sheet(clock, second, {"claimants": HURT}, "460000.00")
    assert (one["gross_amount"], other["gross_amount"]) == ("625440.00", "457680.00")
    for story, sheet in ((first, one), (second, other)):
        approval = await story.read(below="/approval")
        assert (approval["accident_total_amount"], approval["required_level"]) == (GROSS, "head_office")
        decision = story.step_on(sheet, "decision", clause_ids=["EL-02"])
        await story.refused(403, "authority_exceeded", f"claims_approver@{BRANCH}", "approvals", decision)
    # only a branch approver takes them apart, with a reason
    apart = {"claim_id": second.claim["id"], "reason": ""}
    await first.refused(422, "separation_reason_required", f"claims_approver@{BRANCH}", "accident-separations", apart)
    apart |= {"reason": "两起独立事故"}
    await first.refused(403, "action_not_permitted", f"claims_approver@{CENTRAL}", "accident-separations", apart)


async def test_head_office_is_told_of_three_dead_within_the_day(clock: MovedClock, system: System) -> None:
    move(system, clock, BEGINS)
    story = await told(system, await sold_as(system, "PEL2026-32-900004"), death_count=3, injured_count=0)
    assert "serious_casualties" in story.claim["flags"]
    claim = await story.read()
    [deadline] = [one for one in claim["deadlines"] if one["id"] == "DL-CL-7"]
    begun, due = (datetime.fromisoformat(one) for one in (claim["reported_at"], deadline["due_at"]))
    assert due - begun == timedelta(hours=24)
    subjects = [one["subject"] for one in await system.told("claims", story.claim["id"])]
    assert subjects.count("claims.claim.head_office_informed.v1") == 1
    head = await story.person(f"claims_approver@{HEAD}")
    inbox = (await system.gateway.get(head, "/v1/work-items?limit=200")).json()["items"]
    [item] = [one for one in inbox if one["record"]["id"] == story.claim["id"] and one["kind"] == "head_office"]
    assert (item["basis"], item["priority"], item["due_at"]) == ("DL-CL-7", "high", deadline["due_at"])
