"""Question 14, accidents of the last three years, was answered “none”: no refusal while the contract stands.

A claim under an employer's liability policy is refused for non-disclosure only after the insurer has rescinded.
"""

from __future__ import annotations

from typing import Any

from embedded.demonstration.story import story_policies
from shared.clock import legal_day, process_now, rfc3339
from tests.support.claim_life import report
from tests.support.journeys import EMPLOYERS, ago, reported, sold
from tests.support.system import System

UNIT, CENTRAL, BRANCH = "320104", "3201", "32"
HURT = {"ref": "W1", "kind": "employee", "losses": [{"kind": "medical", "amount": "1200.00"}]}
GROUNDS = {"reason_code": "non_disclosure", "reason": "第14题未如实告知", "clause_ids": ["EL-09"]}


async def test_nothing_is_refused_for_what_was_not_told_while_the_contract_stands(system: System) -> None:
    policy = await sold(system, EMPLOYERS)
    story = await reported(system, UNIT, report(policy_no=policy["policy_no"], unit_code=None))
    sheet = await story.up_to_sheet({"claimants": [HURT]}, "1000.00")
    assert sheet["gross_amount"] == "800.00"
    opinion, decision = (story.step_on(sheet, kind, "refuse", **GROUNDS) for kind in ("opinion", "decision"))
    await story.refused(409, "rescission_required", f"claims_approver@{UNIT}", "approvals", opinion)
    await _rescinded(system, policy)
    # the policy that was no more is another basis: calculated anew, then refused up to the branch
    await story.refused(409, "sheet_outdated", f"claims_approver@{UNIT}", "approvals", opinion)
    second = await story.done("adjuster", "calculation-sheets", {})
    opinion, decision = (story.step_on(second, kind, "refuse", **GROUNDS) for kind in ("opinion", "decision"))
    await story.refused(403, "below_required_level", f"claims_approver@{CENTRAL}", "approvals", decision)
    for unit in (UNIT, CENTRAL):
        await story.done(f"claims_approver@{unit}", "approvals", opinion)
    await story.done(f"claims_approver@{BRANCH}", "approvals", decision)
    served = {"kind": "refuse", "served_at": ago(), "method": "letter"}
    told = await story.done("adjuster", "notices", served)
    assert (told["claim"]["status"], told["reason"]) == ("refusal_served", GROUNDS["reason"])


async def _rescinded(system: System, policy: dict[str, Any]) -> None:
    """The core system says that the contract was rescinded, from its beginning on."""
    body = story_policies(legal_day(process_now()))[EMPLOYERS]
    number = body.pop("policy_no")
    body |= {
        "core_version": 2, "change": {"kind": "rescind", "no": f"{number}-R", "reason": "未如实告知"},
        "status": "rescinded", "ended_at": body["starts_at"], "effective_at": rfc3339(process_now()),
        "premium_delta": "0.00", "insured_persons": [],
    }  # fmt: skip
    answer = await system.gateway.call(await system.core(), "PUT", f"/v1/core/policies/{number}", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == policy["id"]
    await system.drain()
